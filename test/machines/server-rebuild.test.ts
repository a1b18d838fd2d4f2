import test from 'ava';
import { createNodeMachine, type NodeContext } from '../../src/machines/node/index.ts';
import { Drive } from './drive.ts';
import { boot, isEnded, observed, off, running, type Server, seen, stopped } from './server-stations.ts';

const NODE = { id: 'n1', name: 'local', kind: 'local', engine: 'docker', ramMb: 4000, cpus: 4 };
const ASK = { ramMb: 1024, cpuMilli: 1000, diskMb: 0, ports: 1 };

/** From `rebuilding.fetching` of a running server to `rebuilding.booting`. */
function toBooting(server: Server): void {
  server.done('fetch');
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.done('place', { placed: true });
  server.done('createContainer', { containerId: 'c2' });
}

test('a running server runs on until the image is there, and its old container stays until the new one is ready', (t) => {
  const server = running();
  const rebuild = server.command('rebuild', { imageTag: '1.13.0' });
  t.is(server.state, 'rebuilding.fetching');
  t.like(server.effects.get('fetch')?.input, { spec: { ...server.context.spec, imageTag: '1.13.0' }, epoch: 1 });
  server.done('fetch');
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  t.like(server.effects.get('place')?.input, { epoch: 2 });
  server.done('place', { placed: true });
  t.like(server.effects.get('createContainer')?.input, { epoch: 2, keep: 'c1' });
  server.done('createContainer', { containerId: 'c2' });
  server.done('boot', { players: 0 });
  t.like(server.effects.get('removeContainer')?.input, { keep: 'c2' });
  server.done('removeContainer');
  t.is(server.state, 'running.healthy');
  t.like(server.context, { containerId: 'c2', rebuild: null, reserved: true, lastError: null });
  t.is(server.context.spec.imageTag, '1.13.0');
  t.true(isEnded(server, rebuild?.id, 'succeeded'));
});

test('an image that cannot be fetched leaves the running server untouched', (t) => {
  const server = running();
  const rebuild = server.command('rebuild', { imageTag: 'nope' });
  server.fails('fetch', { code: 'image_not_found' });
  t.is(server.state, 'running.healthy');
  t.like(server.context, { containerId: 'c1', reserved: true, rebuild: null });
  t.is(server.context.spec.imageTag, '1.12.0');
  t.like(server.ended.at(-1), { id: rebuild?.id, outcome: 'failed', message: 'The old container was not touched.' });
});

test('a new container that does not come up is removed, and the old one runs again', (t) => {
  const server = running();
  const rebuild = server.command('rebuild', { imageTag: '1.13.0' });
  toBooting(server);
  server.fails('boot', { code: 'boot_failed' });
  t.like(server.effects.get('terminate')?.input, { containerId: 'c2' });
  server.done('terminate', { exitCode: 1, oomKilled: false });
  t.like(server.effects.get('removeContainer')?.input, { keep: 'c1' });
  server.done('removeContainer');
  t.like(server.effects.get('revert')?.input, { containerId: 'c1', start: true });
  server.done('revert');
  t.is(server.state, 'running.healthy');
  t.like(server.context, { containerId: 'c1', reserved: true, epoch: 2 });
  t.is(server.context.spec.imageTag, '1.12.0');
  t.like(server.ended.at(-1), { id: rebuild?.id, outcome: 'failed', error: { code: 'boot_failed' } });
  t.regex(server.ended.at(-1)?.message ?? '', /old container is back/);
  server.send(observed(server, { id: 'c1', epoch: 1, state: 'exited', requested: false }));
  t.is(server.state, 'crashed.backing_off', 'the old container is the server, whatever its epoch');
});

test('each way in which the new container may fail brings the old one back', (t) => {
  const failures: ((server: Server) => void)[] = [
    (server) => {
      server.done('place', { placed: false, reason: 'full' });
    },
    (server) => server.fails('place'),
    (server) => server.ring('placeDeadline'),
    (server) => {
      server.done('place', { placed: true });
      server.fails('createContainer');
      server.done('removeContainer');
    },
    (server) => {
      server.done('place', { placed: true });
      server.ring('createDeadline');
      server.ring('removeDeadline');
    },
    (server) => {
      server.done('place', { placed: true });
      server.done('createContainer', { containerId: 'c2' });
      server.ring('bootDeadline');
      server.done('terminate', { exitCode: 0, oomKilled: false });
      server.fails('removeContainer');
    },
  ];
  for (const fail of failures) {
    const server = running();
    const rebuild = server.command('rebuild');
    server.done('fetch');
    server.fails('save');
    server.done('terminate', { exitCode: 0, oomKilled: false });
    fail(server);
    t.is(server.state, 'rebuilding.reverting');
    server.done('revert');
    t.is(server.state, 'running.healthy');
    t.like(server.context, { containerId: 'c1', reserved: true });
    t.true(isEnded(server, rebuild?.id, 'failed'));
  }
});

test('whatever became of the attempt’s room on the node, the server that is back has room there, and gives it back', (t) => {
  const node = () => {
    const drive = new Drive<NodeContext>(createNodeMachine(), NODE);
    drive.send({ type: 'reserve', requests: [{ serverId: 's1', epoch: 1, startMs: 1, ...ASK }] });
    drive.send({ type: 'hold', serverId: 's1', epoch: 1, ...ASK });
    return drive;
  };
  const reserved = { type: 'reserve', requests: [{ serverId: 's1', epoch: 2, startMs: 1, ...ASK }] };
  for (const happened of [[], [reserved], [reserved, { type: 'withdraw', serverId: 's1', epoch: 2 }]]) {
    const [server, drive] = [running(), node()];
    const hear = () => {
      for (const { event } of server.told()) if (event.type === 'hold' || event.type === 'release') drive.send(event);
    };
    server.command('rebuild');
    server.done('fetch');
    server.done('save');
    server.done('terminate', { exitCode: 0, oomKilled: false });
    for (const event of happened) drive.send(event);
    server.fails('place');
    server.done('revert');
    hear();
    t.is(server.state, 'running.healthy');
    t.like(drive.context.reservations, { s1: { epoch: server.context.placedEpoch, startsUntil: null } });
    server.command('kill');
    server.done('kill');
    server.done('verify', seen(server, { state: 'exited' }));
    hear();
    t.deepEqual(drive.context.reservations, {});
  }
});

test('when not even the old container comes up it is stopped, and the server needs a person', (t) => {
  const server = running();
  const rebuild = server.command('rebuild');
  toBooting(server);
  server.fails('boot', { code: 'boot_failed' });
  server.done('terminate', { exitCode: 1, oomKilled: false });
  server.done('removeContainer');
  server.fails('revert');
  t.like(server.effects.get('terminate')?.input, { containerId: 'c1' });
  server.done('terminate', { exitCode: 1, oomKilled: false });
  t.is(server.state, 'failed');
  t.like(server.context, { containerId: 'c1', reserved: false, rebuild: null });
  t.is(server.context.lastError?.code, 'boot_failed', 'the first error is the one that counts');
  t.true(isEnded(server, rebuild?.id, 'failed'));
});

test('an old container that does not stop ends the rebuild with it still known', (t) => {
  const server = running();
  server.command('rebuild', { imageTag: '1.13.0' });
  server.done('fetch');
  server.done('save');
  server.ring('exitDeadline');
  t.is(server.state, 'failed');
  t.like(server.context, { containerId: 'c1', reserved: true });
  t.is(server.context.spec.imageTag, '1.12.0');
  t.is(server.context.lastError?.code, 'stop_failed');
});

test('a rebuild is called off until its old container is stopped, and not later', (t) => {
  const server = running();
  const rebuild = server.command('rebuild', { imageTag: '1.13.0' });
  server.done('fetch');
  const cancel = server.command('cancel', { operationId: rebuild?.id });
  t.is(server.state, 'running.healthy');
  t.is(server.context.spec.imageTag, '1.12.0');
  t.true(isEnded(server, rebuild?.id, 'cancelled'));
  t.true(isEnded(server, cancel?.id, 'succeeded'));
  const second = server.command('rebuild');
  server.done('fetch');
  server.done('save');
  t.is(server.command('cancel', { operationId: second?.id }), null);
});

test('a server that is off is made again without booting, and is where it was', (t) => {
  const server = off({ wakeOnJoin: true });
  server.ring('sleepAfter');
  const rebuild = server.command('rebuild', { imageTag: '1.13.0' });
  server.done('fetch');
  t.like(server.effects.get('createContainer')?.input, { epoch: 2, keep: 'c1' });
  server.done('createContainer', { containerId: 'c2' });
  server.done('removeContainer');
  t.is(server.state, 'sleeping');
  t.like(server.context, { containerId: 'c2', reserved: false });
  t.true(isEnded(server, rebuild?.id, 'succeeded'));
});

test('a rebuild that fails while off leaves the old container, and the server where it was', (t) => {
  const missing = running();
  missing.send(observed(missing, null));
  for (const [server, state] of [
    [off(), 'stopped'],
    [missing, 'missing'],
  ] as const) {
    const { containerId } = server.context;
    const rebuild = server.command('rebuild', { imageTag: '1.13.0' });
    server.done('fetch');
    server.fails('createContainer');
    server.done('removeContainer');
    t.is(server.state, state);
    t.is(server.context.containerId, containerId);
    t.is(server.context.spec.imageTag, '1.12.0');
    t.true(isEnded(server, rebuild?.id, 'failed'));
  }
});

test('a failed server that is made again is stopped, and what was wrong is over', (t) => {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.fails('fetch', { code: 'image_not_found' });
  server.command('rebuild', { imageTag: '1.12.1' });
  server.done('fetch');
  server.done('createContainer', { containerId: 'c2' });
  server.done('removeContainer');
  t.is(server.state, 'stopped');
  t.is(server.context.lastError, null);
  server.command('start');
  boot(server);
  t.is(server.state, 'running.healthy');
});

test('what waits for a restart waits again when a rebuild is undone', (t) => {
  const server = off();
  server.command('configure', { changes: { ramMb: 2048 } });
  server.command('rebuild');
  server.done('fetch');
  server.done('createContainer', { containerId: 'c2' });
  t.false(server.context.restartPending);
  server.done('removeContainer');
  server.command('start');
  boot(server);
  server.command('configure', { changes: { ramMb: 4096 } });
  server.command('rebuild');
  toBooting(server);
  server.fails('boot');
  server.done('terminate', { exitCode: 1, oomKilled: false });
  server.done('removeContainer');
  server.done('revert');
  t.true(server.context.restartPending);
});

test('a rebuild does not take a server that is crashed, nor one that was never prepared', (t) => {
  const server = running();
  server.send(observed(server, { state: 'exited', requested: false }));
  t.is(server.command('rebuild'), null);
});
