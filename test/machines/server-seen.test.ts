import test from 'ava';
import { boot, isEnded, observed, off, running, type Server, seen, stopped } from './server-stations.ts';

const release = (epoch: number) => ({ to: 'node/n1', event: { type: 'release', serverId: 's1', epoch } });
const CRASH = {
  state: 'exited',
  exitCode: 137,
  oomKilled: true,
  requested: false,
  logTail: ['out of memory'],
} as const;

function crash(server: Server): void {
  server.send(observed(server, CRASH));
}

test('a running server whose container was removed is missing, and a start makes it again', (t) => {
  const server = running();
  server.send(observed(server, null));
  t.is(server.state, 'missing');
  t.like(server.context, { containerId: null, reserved: false, dataLost: false, players: null });
  t.deepEqual(server.told(), [release(1)]);
  const { ports, spec } = server.context;
  const start = server.command('start');
  t.like(server.effects.get('place')?.input, { ports, spec, epoch: 2 });
  boot(server);
  t.true(isEnded(server, start?.id, 'succeeded'));
});

test('missing without its world starts only when a fresh one is asked for', (t) => {
  const server = running();
  server.send(observed(server, null, { dataExists: false }));
  t.is(server.state, 'missing');
  t.is(server.command('start'), null);
  t.is(server.command('rebuild'), null);
  const start = server.command('start', { fresh: true });
  boot(server);
  t.true(isEnded(server, start?.id, 'succeeded'));
  t.false(server.context.dataLost);
});

test('a fresh start that is cancelled leaves the world as lost as it was', (t) => {
  const server = running();
  server.send(observed(server, null, { dataExists: false }));
  server.command('start', { fresh: true });
  server.command('stop');
  t.is(server.state, 'stopped');
  t.is(server.command('start'), null);
});

test('a world that comes back makes a missing server startable', (t) => {
  const server = running();
  server.send(observed(server, null, { dataExists: false }));
  server.send(observed(server, null, { dataExists: true }));
  t.truthy(server.command('start'));
});

test('a stop that somebody asked the engine for shows as stopped', (t) => {
  const server = running();
  server.send(observed(server, { state: 'exited', exitCode: 143, requested: true }));
  t.is(server.state, 'stopped');
  t.like(server.context.exit, { exitCode: 143, outside: true });
  t.deepEqual(server.told(), [release(1)]);
});

test('an exit by itself is a crash with its code, the OOM flag and the last lines', (t) => {
  const server = running();
  crash(server);
  t.is(server.state, 'crashed.backing_off');
  t.like(server.context.exit, { exitCode: 137, oomKilled: true, logTail: ['out of memory'] });
  t.false(server.context.reserved);
  t.is(server.context.operation, null);
});

test('a crashed server starts again by itself after 5 and 10 seconds; the third crash is a loop', (t) => {
  const server = running();
  crash(server);
  t.is(server.dueIn('crashBackoff'), 5000);
  server.ring('crashBackoff');
  boot(server);
  crash(server);
  t.is(server.dueIn('crashBackoff'), 10_000);
  server.ring('crashBackoff');
  boot(server);
  crash(server);
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'crash_loop');
  t.is(server.ended.length, 1, 'only create was an operation');
});

test('crashes that are far apart are no loop', (t) => {
  const server = running();
  for (let count = 0; count < 5; count += 1) {
    server.now += 6 * 60_000;
    crash(server);
    t.is(server.state, 'crashed.backing_off');
    server.ring('crashBackoff');
    boot(server);
  }
  t.is(server.context.crashes.length, 2);
});

test('stop keeps a crashed server from starting again, start does not wait', (t) => {
  const server = running();
  crash(server);
  const stop = server.command('stop');
  t.is(server.state, 'stopped');
  t.true(isEnded(server, stop?.id, 'succeeded'));
  const other = running();
  crash(other);
  other.command('start');
  t.is(other.state, 'starting.placing');
});

test('a crashed server whose world is gone does not start by itself', (t) => {
  const server = running();
  crash(server);
  server.send(observed(server, CRASH, { dataExists: false }));
  server.ring('crashBackoff');
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'no_data');
});

test('an engine that removes a running container tells of its exit first: it is missing all the same', (t) => {
  for (const requested of [true, false]) {
    const server = running();
    server.send(observed(server, { ...CRASH, requested }));
    server.now += 3000;
    server.send(observed(server, null));
    t.is(server.state, 'missing', `requested: ${requested}`);
  }
});

test('a server that is off needs no container', (t) => {
  const server = off();
  server.send(observed(server, null));
  t.is(server.state, 'stopped');
  t.is(server.context.containerId, null);
  t.truthy(server.command('start'));
});

test('a server that is off and lost container and world is missing', (t) => {
  for (const spec of [{}, { wakeOnJoin: true }]) {
    const server = off(spec);
    server.ring('sleepAfter');
    server.send(observed(server, null, { dataExists: false }));
    t.is(server.state, 'missing');
    t.true(server.context.dataLost);
  }
});

test('a server that is off and lost its world is not started on nothing', (t) => {
  const server = off();
  server.send(observed(server, { state: 'exited' }, { dataExists: false }));
  t.is(server.state, 'stopped');
  t.is(server.command('start'), null);
  t.truthy(server.command('start', { fresh: true }));
});

test('a world whose marks are gone is gone, whatever else lies there', (t) => {
  const server = off();
  server.send(observed(server, { state: 'exited' }, { dataMarked: false }));
  t.like(server.context, { dataExists: false, dataLost: true });
  t.is(server.command('start'), null);
  server.send(observed(server, { state: 'exited' }));
  t.like(server.context, { dataExists: true, dataLost: false });
  server.send(observed(server, { state: 'exited' }, { dataMarked: null }));
  t.true(server.context.dataExists, 'without its template nobody can say that it is gone');
});

test('a start expects the world that was seen last, unless the owner has agreed to a new one', (t) => {
  const expects = (server: Server, options = {}) => {
    server.command('start', options);
    server.done('place', { placed: true });
    server.done('fetch');
    return (server.effects.get('createContainer')?.input as { expects: unknown } | undefined)?.expects;
  };
  t.is(expects(stopped()), null, 'it never ran');
  t.deepEqual(expects(off()), { worldMarked: true });
  t.is(expects(off(), { fresh: true }), null);
});

test('what was never seen with a mark is a world by what lies there, and cannot lose one', (t) => {
  const server = stopped();
  server.command('start');
  boot(server, null, { dataMarked: false });
  t.like(server.context, { dataExists: true, dataLost: false });
  server.command('stop', { announce: '' });
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited' }, { dataMarked: false }));
  t.is(server.state, 'stopped');
  t.truthy(server.command('start'));
});

test('a game that starts afresh makes its world where it likes', (t) => {
  const server = off();
  server.send(observed(server, { state: 'exited' }, { dataMarked: false }));
  server.command('start', { fresh: true });
  boot(server, null, { dataMarked: false });
  t.like(server.context, { dataExists: true, worldMarked: false, dataLost: false });
});

test('a server that never ran has no world to miss', (t) => {
  const server = stopped();
  server.send(observed(server, null, { dataExists: false }));
  t.is(server.state, 'stopped');
  t.truthy(server.command('start'));
});

test('a container that is started from outside while its server is off is looked at, and stopped with grace', (t) => {
  const server = off();
  server.send(observed(server));
  t.is(server.state, 'stopping.checking');
  server.done('verify', seen(server));
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited' }));
  t.is(server.state, 'stopped');
  t.is(server.context.operation, null);
});

test('an observation that comes late changes nothing for good', (t) => {
  const server = off();
  server.send(observed(server));
  server.done('verify', seen(server, { state: 'exited' }));
  t.is(server.state, 'stopped');
  const gone = running();
  const late = observed(gone);
  gone.send(observed(gone, null));
  gone.send(late);
  gone.done('verify', seen(gone, null));
  t.is(gone.state, 'missing');
});

test('a container of another epoch says nothing about this server', (t) => {
  const server = running();
  t.false(server.send(observed(server, { id: 'other', epoch: 0, state: 'exited' })));
  t.is(server.state, 'running.healthy');
});
