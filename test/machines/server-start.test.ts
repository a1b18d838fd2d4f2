import test from 'ava';
import { create, exit, isEnded, off, PREPARED, running, type Server, stopped } from './server-stations.ts';

const MINUTE = 60_000;
const release = (epoch: number) => ({ to: 'node/n1', event: { type: 'release', serverId: 's1', epoch } });
const leave = (placed = false) => ({ to: 'queue/main', event: { type: 'leave', serverId: 's1', placed } });

/** At `queued`, with the operation that wants it to run. */
function queued(): Server {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: false, reason: 'full' });
  return server;
}

test('a server that finds no room waits, with the time of its next attempt', (t) => {
  const server = queued();
  t.is(server.state, 'queued');
  t.like(server.context, { attempt: 0, queuedAt: server.now, nextAttemptAt: server.now + MINUTE, reserved: false });
  t.is(server.context.operation?.command, 'start', 'the operation goes on');
});

test('attempts follow after 1, 2 and 4 minutes, each with its epoch; the third without room is the last', (t) => {
  const server = queued();
  const waits: (number | undefined)[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    waits.push(server.dueIn('nextAttempt'));
    server.ring('nextAttempt');
    t.is(server.context.epoch, attempt + 1);
    server.done('place', { placed: false, reason: 'full' });
  }
  t.deepEqual(waits, [MINUTE, 2 * MINUTE, 4 * MINUTE]);
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'no_capacity');
  t.true(isEnded(server, 'start-1', 'failed'));
  t.deepEqual(server.told(), [leave()], 'it leaves the list of those that wait');
  t.like(server.context, { queuedAt: null, nextAttemptAt: null });
});

test('news of freed room makes it try at once, which does not count as an attempt', (t) => {
  const server = queued();
  server.now += 20_000;
  server.send({ type: 'capacity.available' });
  t.is(server.state, 'starting.placing');
  server.done('place', { placed: false, reason: 'someone was quicker' });
  t.is(server.context.attempt, 0);
  t.is(server.dueIn('nextAttempt'), 40_000, 'the timed attempt stays where it was');
  server.send({ type: 'capacity.available' });
  server.done('place', { placed: true });
  t.deepEqual(server.told(), [leave(true)]);
  for (const effect of ['fetch', 'createContainer', 'boot']) server.done(effect, { containerId: 'c', players: 0 });
  t.true(isEnded(server, 'start-1', 'succeeded'));
  t.is(server.context.queuedAt, null);
});

test('ten minutes after it was first queued the waiting is over, whatever it tried', (t) => {
  const server = queued();
  t.is(server.dueIn('queueDeadline'), 10 * MINUTE);
  server.ring('nextAttempt');
  server.done('place', { placed: false, reason: 'full' });
  t.is(server.dueIn('queueDeadline'), 9 * MINUTE);
  server.ring('queueDeadline');
  t.is(server.context.lastError?.code, 'no_capacity');
});

test('a server that has room and waits for its turn to start keeps that room, however long it takes', (t) => {
  const server = running();
  server.command('restart', { announce: '' });
  exit(server);
  const busy = { placed: false, reason: 'others start', busy: true };
  server.done('place', busy);
  t.is(server.state, 'queued');
  t.true(server.context.reserved);
  t.false(server.told().some(({ event }) => event.type === 'release'));
  for (let minutes = 0; minutes < 30; minutes += 5) {
    server.now += 5 * MINUTE;
    server.ring('nextAttempt');
    server.done('place', busy);
    t.is(server.state, 'queued');
    t.like(server.told()[0], { event: { type: 'enter', entry: { givesUpAt: server.now + 10 * MINUTE } } });
  }
  server.ring('queueDeadline');
  t.is(server.state, 'queued');
  server.ring('nextAttempt');
  server.done('place', { placed: false, reason: 'n1 does not answer' });
  t.is(server.state, 'failed');
  t.false(server.context.reserved);
});

test('a place that breaks in passing counts as an attempt, one that breaks for good fails at once', (t) => {
  const server = queued();
  server.send({ type: 'capacity.available' });
  server.fails('place', { retry: 'transient' });
  t.is(server.state, 'queued');
  t.is(server.context.attempt, 1);
  t.deepEqual(server.told()[0], release(2), 'nobody knows whether the node granted it');
  server.ring('nextAttempt');
  server.fails('place', { retry: 'permanent', code: 'node_gone' });
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'node_gone');
});

test('a place without an answer is given up after 30 seconds, and the server waits', (t) => {
  const server = stopped();
  server.command('start');
  t.is(server.dueIn('placeDeadline'), 30_000);
  server.ring('placeDeadline');
  t.is(server.state, 'queued');
  t.deepEqual(server.told()[0], release(1));
  t.false(server.effects.has('place'));
});

test('stop and cancel take a server out of the queue', (t) => {
  for (const command of ['stop', 'cancel']) {
    const server = queued();
    const operation = server.command(command, { operationId: 'start-1' });
    t.is(server.state, 'stopped');
    t.true(isEnded(server, 'start-1', 'cancelled'));
    t.true(isEnded(server, operation?.id, 'succeeded'));
    t.deepEqual(server.told(), [leave()]);
    t.deepEqual(server.delays().sort(), ['sleepAfter']);
  }
});

test('the queue hears what the server asks for, until when it waits, and why it does', (t) => {
  const server = stopped({ cpu: 0.5, diskMb: 2048, plan: 'balanced' });
  server.command('start');
  server.done('place', { placed: false, reason: 'full' });
  t.like(server.told()[0], {
    to: 'queue/main',
    event: {
      type: 'enter',
      entry: {
        serverId: 's1',
        ownerId: 'o1',
        plan: 'balanced',
        demand: { ramMb: 1024, cpuMilli: 500, diskMb: 2048, ports: 1 },
        only: null,
        queuedAt: server.now,
        givesUpAt: server.now + 10 * MINUTE,
        attempt: 0,
        nextAttemptAt: server.now + MINUTE,
        reason: 'full',
      },
    },
  });
});

test('a server with a world may go nowhere else, and one without goes where it was placed', (t) => {
  const tied = off();
  tied.command('start');
  t.like(tied.effects.get('place')?.input as object, { dataExists: true, avoid: [], wanted: null });
  tied.done('place', { placed: false, reason: 'full' });
  t.like(tied.told()[0]?.event, { entry: { only: 'n1' } });

  const free = stopped();
  free.command('start');
  t.like(free.effects.get('place')?.input as object, { dataExists: false });
  const ports = [{ name: 'game', protocol: 'tcp', container: 25565, host: 25599 }] as const;
  free.done('place', { placed: true, home: { nodeId: 'n2', engine: 'docker', ports } });
  t.like(free.context, { nodeId: 'n2', ports, reserved: true });
  free.command('stop');
  t.deepEqual(
    free.told().map(({ to }) => to),
    ['node/n2'],
  );
});

test('a node hears when a start is over, and that the plan "reserved" keeps what it has', (t) => {
  const kept = { type: 'hold', serverId: 's1', epoch: 1, ramMb: 1024, cpuMilli: 1000, diskMb: 0, ports: 1 };
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.done('fetch');
  server.done('createContainer', { containerId: 'c1' });
  server.done('boot', { players: 0 });
  t.deepEqual(server.told(), [{ to: 'node/n1', event: kept }]);

  const failing = stopped({ plan: 'reserved' });
  failing.command('start');
  failing.done('place', { placed: true });
  failing.fails('fetch');
  t.is(failing.state, 'failed');
  t.deepEqual(failing.told(), [{ to: 'node/n1', event: kept }]);
});

test('a start whose room went back is undone', (t) => {
  const expired = { type: 'reservation.expired', nodeId: 'n1', epoch: 1 };
  const at = (...effects: string[]) => {
    const server = stopped();
    server.command('start');
    for (const effect of ['place', ...effects]) server.done(effect, { placed: true, containerId: 'c1', players: 0 });
    return server;
  };
  for (const [effects, state] of [
    [[], 'failed'],
    [['fetch'], 'starting.clearing'],
    [['fetch', 'createContainer'], 'starting.aborting'],
  ] as const) {
    const server = at(...effects);
    server.send({ ...expired, epoch: 0 });
    server.send({ ...expired, nodeId: 'n2' });
    t.true(server.context.reserved, 'that was another room');
    server.send(expired);
    t.is(server.state, state);
    t.is(server.context.lastError?.code, 'deadline_exceeded');
    t.false(server.context.reserved);
  }
  const server = at('fetch', 'createContainer', 'boot');
  server.send(expired);
  t.is(server.state, 'running.healthy', 'it had come up when the word was on its way');
  t.deepEqual(
    server.told().map(({ event }) => event.type),
    ['hold'],
  );
});

test('cancel is taken for the operation that runs, and for no other', (t) => {
  const server = queued();
  t.is(server.command('cancel', { operationId: 'somebody-else' }), null);
  t.is(server.command('cancel'), null);
});

test('a start cancelled while placing gives back what the node may have granted, and is off at once', (t) => {
  for (const command of ['stop', 'kill', 'cancel']) {
    const server = off();
    const start = server.command('start');
    const operation = server.command(command, { operationId: start?.id });
    t.is(server.state, 'stopped', command);
    t.deepEqual(server.told(), [release(2)]);
    t.is(server.context.containerId, 'c1', 'the last container is still there');
    t.true(isEnded(server, start?.id, 'cancelled'));
    t.true(isEnded(server, operation?.id, 'succeeded'));
    t.regex(server.ended.at(-2)?.message ?? '', /room was given back/);
  }
});

test('a start cancelled while fetching releases its room', (t) => {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.command('stop');
  t.is(server.state, 'stopped');
  t.deepEqual(server.told(), [release(1)]);
  t.false(server.context.reserved);
});

test('a start cancelled while creating removes the half-made container first', (t) => {
  for (const command of ['stop', 'kill', 'cancel']) {
    const server = stopped();
    server.command('start');
    server.done('place', { placed: true });
    server.done('fetch');
    const operation = server.command(command, { operationId: 'start-1' });
    t.is(server.state, 'stopping.clearing');
    t.true(isEnded(server, 'start-1', 'cancelled'));
    t.regex(server.ended.at(-1)?.message ?? '', /half-made container is removed/);
    server.done('removeContainer');
    t.is(server.state, 'stopped');
    t.like(server.context, { containerId: null, reserved: false });
    t.true(isEnded(server, operation?.id, 'succeeded'));
  }
});

test('a start cancelled while booting is stopped with grace, since the world may be loaded, and removed', (t) => {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.done('fetch');
  server.done('createContainer', { containerId: 'c1' });
  server.command('stop', { graceSeconds: 3 });
  t.is(server.state, 'stopping.halting');
  t.like(server.effects.get('terminate')?.input, { containerId: 'c1', graceSeconds: 3 });
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.done('removeContainer');
  t.is(server.state, 'stopped');
  t.deepEqual(server.told(), [release(1)]);
});

test('a removal that gets stuck does not hold up what cancelled the start', (t) => {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.done('fetch');
  const stop = server.command('stop');
  server.ring('removeDeadline');
  t.is(server.state, 'stopped', 'the next start removes what is left');
  t.true(isEnded(server, stop?.id, 'succeeded'));
});

test('an image that cannot be fetched fails the start and frees its room', (t) => {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.fails('fetch', { code: 'image_not_found' });
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'image_not_found');
  t.deepEqual(server.told(), [release(1)]);
  t.like(server.ended.at(-1), { outcome: 'failed', error: { code: 'image_not_found' } });
});

test('a container that cannot be made is removed in its parts before the start fails', (t) => {
  const server = stopped();
  server.command('start');
  server.done('place', { placed: true });
  server.done('fetch');
  server.fails('createContainer', { code: 'port_in_use' });
  t.is(server.state, 'starting.clearing');
  t.deepEqual(server.ended.length, 1, 'only create has ended');
  server.done('removeContainer');
  t.is(server.state, 'failed');
  t.like(server.ended.at(-1), { outcome: 'failed', error: { code: 'port_in_use' } });
  t.regex(server.ended.at(-1)?.message ?? '', /was removed/);
});

test('a game that does not answer in its time is stopped with grace and kept for its log', (t) => {
  const server = create(true, { bootSeconds: 90 });
  server.done('prepare', PREPARED);
  server.done('place', { placed: true });
  server.done('fetch');
  server.done('createContainer', { containerId: 'c1' });
  t.is(server.dueIn('bootDeadline'), 90_000);
  server.ring('bootDeadline');
  t.is(server.state, 'starting.aborting');
  server.done('terminate', { exitCode: 143, oomKilled: false });
  t.is(server.state, 'failed');
  t.like(server.context, { containerId: 'c1', reserved: false });
  t.is(server.context.lastError?.code, 'deadline_exceeded');
  t.true(isEnded(server, 'create-0', 'failed'));
});

test('a container that may still run keeps its room until it is seen to have ended', (t) => {
  const server = running();
  server.command('stop', { announce: '' });
  server.done('save');
  server.fails('terminate', { code: 'engine_away', message: 'No engine.' });
  t.is(server.state, 'failed');
  t.like(server.context, { reserved: true, containerId: 'c1' });
  t.like(server.context.lastError, { code: 'stop_failed', details: { cause: 'engine_away' } });
  server.send({ type: 'observed', observation: { container: null, dataExists: true, dataMarked: true } });
  t.false(server.context.reserved);
  t.deepEqual(server.told(), [release(1)]);
  t.is(server.state, 'failed');
});

test('every command but start runs into a refusal in the queue, and two starts are one', (t) => {
  const server = queued();
  for (const command of ['start', 'kill', 'restart', 'rebuild', 'configure', 'delete', 'exec', 'purge']) {
    t.is(server.command(command, { changes: {} }), null, command);
  }
});
