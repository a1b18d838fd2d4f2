import test from 'ava';
import { boot, create, exit, isEnded, observed, off, PREPARED, running, seen, stopped } from './server-stations.ts';

test('create without start ends when the server is prepared', (t) => {
  const server = create(false);
  t.is(server.state, 'creating');
  server.done('prepare', PREPARED);
  t.is(server.state, 'stopped');
  t.true(isEnded(server, 'create-0', 'succeeded'));
  t.deepEqual(server.context.ports, PREPARED.ports as never);
});

test('create with start is one operation until the game answers', (t) => {
  const server = create(true);
  server.done('prepare', PREPARED);
  t.is(server.state, 'starting.placing');
  t.deepEqual(server.ended, []);
  boot(server, 0);
  t.is(server.state, 'running.healthy');
  t.is(server.context.players, 0);
  t.true(server.context.reserved);
  t.true(isEnded(server, 'create-0', 'succeeded'));
  t.deepEqual([...server.effects.keys()], ['monitor']);
});

test('what cannot be prepared fails, and a start prepares it again', (t) => {
  const server = create(false);
  server.fails('prepare', { code: 'no_ports' });
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'no_ports');
  t.true(isEnded(server, 'create-0', 'failed'));
  const start = server.command('start');
  t.is(server.state, 'creating');
  server.done('prepare', PREPARED);
  t.is(server.state, 'starting.placing');
  boot(server);
  t.true(isEnded(server, start?.id, 'succeeded'));
  t.is(server.context.lastError, null);
});

test('a stop tells the players, saves, terminates with grace, looks, and gives the room back', (t) => {
  const server = running();
  const stop = server.command('stop', { graceSeconds: 5, announce: 'Bye' });
  t.is(server.state, 'stopping.announcing');
  t.like(server.effects.get('announce')?.input, { message: 'Bye' });
  server.done('announce');
  server.done('save');
  t.is(server.state, 'stopping.terminating');
  t.like(server.effects.get('terminate')?.input, { graceSeconds: 5, containerId: 'c1' });
  server.done('terminate', { exitCode: 143, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited', exitCode: 143, logTail: ['bye'] }));
  t.is(server.state, 'stopped');
  t.like(server.context, { reserved: false, containerId: 'c1', players: null, stop: null });
  t.like(server.context.exit, { exitCode: 143, logTail: ['bye'], outside: false });
  t.deepEqual(server.told(), [{ to: 'node/n1', event: { type: 'release', serverId: 's1', epoch: 1 } }]);
  t.true(isEnded(server, stop?.id, 'succeeded'));
});

test('nobody is told when nobody is there, or when the text is empty', (t) => {
  const empty = running();
  empty.send({ type: 'probe.ok', players: 0 });
  empty.command('stop');
  t.is(empty.state, 'stopping.saving');
  const silent = running();
  silent.command('stop', { announce: '' });
  t.is(silent.state, 'stopping.saving');
});

test('each start has a new epoch and a new container, and so takes a changed spec', (t) => {
  const server = off();
  server.command('configure', { changes: { ramMb: 2048 } });
  t.true(server.context.restartPending);
  server.command('start');
  t.is(server.context.epoch, 2);
  t.like(server.effects.get('place')?.input, { epoch: 2, spec: { ...server.context.spec, ramMb: 2048 } });
  boot(server);
  t.like(server.context, { containerId: 'c2', restartPending: false });
});

test('restart is one operation over stop and start, and keeps its room between', (t) => {
  const server = running();
  const restart = server.command('restart', { announce: '' });
  exit(server);
  t.is(server.state, 'starting.placing');
  t.true(server.context.reserved);
  t.deepEqual(server.told(), []);
  boot(server);
  t.true(isEnded(server, restart?.id, 'succeeded'));
  t.is(server.context.nodeId, 'n1');
});

test('the plan "reserved" keeps its room while off, and gives it back when deleted', (t) => {
  const server = off({ plan: 'reserved' });
  t.true(server.context.reserved);
  t.deepEqual(
    server.told().map(({ event }) => event.type),
    ['hold'],
  );
  server.command('delete');
  t.false(server.context.reserved);
  t.deepEqual(server.told(), [{ to: 'node/n1', event: { type: 'release', serverId: 's1', epoch: 1 } }]);
});

test('room that is kept while off is kept under the epoch of a start that ends before its node has answered', (t) => {
  for (const leave of ['stop', 'error'] as const) {
    const server = off({ plan: 'reserved' });
    const { epoch } = server.context;
    server.command('start');
    if (leave === 'stop') server.command('stop');
    else server.fails('place', { code: 'engine_timeout', message: 'No answer.', retry: 'transient' });
    t.like(server.context, { reserved: true, placedEpoch: epoch + 1 });
    t.deepEqual(
      server
        .told()
        .filter(({ to }) => to === 'node/n1')
        .map(({ event }) => [event.type, event.epoch]),
      [['hold', epoch + 1]],
    );
  }
});

test('a server that leaves the plan "reserved" while off gives its room back', (t) => {
  const server = off({ plan: 'reserved' });
  server.command('configure', { changes: { plan: 'payperplay' } });
  t.false(server.context.reserved);
});

test('exec replies where the console is, and begins no operation', (t) => {
  const server = running();
  t.true(server.send({ type: 'exec', command: 'list' }));
  t.deepEqual(server.verbs, [{ type: 'reply', params: { value: { containerId: 'c1', nodeId: 'n1' } } }]);
  t.is(server.state, 'running.healthy');
  t.is(server.context.operation, null);
});

test('a running server takes a configuration, and says whether it waits for a restart', (t) => {
  const server = running();
  server.command('configure', { changes: { name: 'hub' } });
  t.like(server.context, { restartPending: false, spec: { ...server.context.spec, name: 'hub' } });
  server.command('configure', { changes: { cpu: 2 } });
  t.true(server.context.restartPending);
});

test('with wake-on-join a stopped server goes to sleep, and a login starts it', (t) => {
  const server = off({ wakeOnJoin: true });
  t.is(server.command('wake'), null);
  server.ring('sleepAfter');
  t.is(server.state, 'sleeping');
  const wake = server.command('wake');
  boot(server);
  t.true(isEnded(server, wake?.id, 'succeeded'));
});

test('without wake-on-join it stays stopped, until wake-on-join is turned on', (t) => {
  const server = off();
  server.ring('sleepAfter');
  t.is(server.state, 'stopped');
  server.command('configure', { changes: { wakeOnJoin: true } });
  server.ring('sleepAfter');
  t.is(server.state, 'sleeping');
  server.command('configure', { changes: { wakeOnJoin: false } });
  t.is(server.state, 'stopped');
});

test('five failed probes make it unresponsive, and one that is answered heals it', (t) => {
  const server = running();
  t.false(server.send({ type: 'probe.failed', streak: 4 }));
  t.true(server.send({ type: 'probe.failed', streak: 5 }));
  t.is(server.state, 'running.unresponsive');
  server.send({ type: 'probe.ok', players: 3 });
  t.is(server.state, 'running.healthy');
  t.is(server.context.players, 3);
  t.false(server.send({ type: 'probe.ok', players: 3 }), 'nothing new is no turn');
});

test('a monitor that died is started anew', (t) => {
  const server = running();
  server.fails('monitor');
  t.is(server.state, 'running.unresponsive');
  t.true(server.effects.has('monitor'));
  server.fails('monitor');
  t.false(server.effects.has('monitor'));
  server.ring('monitorRetry');
  t.true(server.effects.has('monitor'));
});

test('a command that the state does not take changes nothing', (t) => {
  const server = stopped();
  const before = server.snapshot;
  for (const command of ['stop', 'kill', 'restart', 'exec', 'undelete', 'purge', 'wake', 'cancel']) {
    t.is(server.command(command), null, command);
  }
  t.is(server.snapshot, before);
});

test('an observation that shows nothing new is no turn', (t) => {
  const server = running();
  t.false(server.send(observed(server)));
  t.true(server.send({ type: 'measured', dataBytes: 8192 }));
  t.is(server.context.dataBytes, 8192);
  t.false(server.send({ type: 'measured', dataBytes: 8192 }));
});
