import test from 'ava';
import type { ShownContainer } from '../../src/machines/fleet/index.ts';
import {
  createServerMachine,
  migrateServer,
  type ServerContext,
  serverRefusal,
} from '../../src/machines/server/index.ts';
import { Drive, scopeFor } from './drive.ts';
import { boot, create, isEnded, observed, off, PREPARED, running, type Server, SPEC, seen } from './server-stations.ts';

const HOME = { nodeId: 'n2', engine: 'docker', ports: [{ name: 'game', protocol: 'tcp', container: 1, host: 2 }] };

const news = (server: Server, type: string, leaseEpoch = 1, more: object = {}) => ({
  type,
  nodeId: 'n1',
  epoch: server.context.placedEpoch,
  leaseEpoch,
  ...more,
});

const lose = (server: Server, leaseEpoch = 1) =>
  server.send(news(server, 'node.lost', leaseEpoch, { lastLeaseAt: server.now - 6000 }));
const fence = (server: Server, leaseEpoch = 2) =>
  server.send(news(server, 'node.fenced', leaseEpoch, { proof: 'lease_expired', provenAt: server.now }));
const back = (server: Server, container: Partial<ShownContainer> | null, more: object = {}) =>
  server.send(
    news(server, 'node.returned', 2, { bootId: 'b1', rebooted: false, container: copy(server, container), ...more }),
  );

const copy = ({ context }: Server, container: Partial<ShownContainer> | null = {}) =>
  container && {
    id: context.containerId,
    serverId: 's1',
    epoch: context.epoch,
    state: 'running',
    exitCode: null,
    ...container,
  };

/** What it says to what a node shows of it. */
function asked(
  server: Server,
  leaseEpoch: number,
  more: object = {},
  container: Partial<ShownContainer> = {},
): unknown {
  const shows = { type: 'node.shows', nodeId: 'n1', leaseEpoch, recovering: true, container: copy(server, container) };
  server.send({ ...shows, ...more });
  return server.verbs.flatMap((verb) =>
    verb.type === 'reply' ? [(verb.params.value as { verdict: string }).verdict] : [],
  )[0];
}

function fenced(spec: object = {}): Server {
  const server = running(spec);
  lose(server);
  fence(server);
  return server;
}

test('a running server whose node is lost waits for the fence, and is billed until the last confirmed lease', (t) => {
  const server = running();
  lose(server);
  t.is(server.state, 'lost.waiting_for_fence');
  t.like(server.context.loss, { since: server.now, lastLeaseAt: server.now - 6000, fence: null, off: false });
  t.is(server.context.lastError?.code, 'node_lost');
  t.is(serverRefusal(server.snapshot, { type: 'failover' })?.code, 'not_fenced');
  t.is(server.command('failover'), null);
  fence(server);
  t.is(server.state, 'lost.fenced');
  t.like(server.context.loss, { fence: { proof: 'lease_expired', at: server.now } });
});

test('news of another placement change nothing', (t) => {
  const server = running();
  for (const more of [{ nodeId: 'n2' }, { epoch: 0 }, { epoch: 9 }]) {
    server.send(news(server, 'node.lost', 1, { lastLeaseAt: null, ...more }));
    t.is(server.state, 'running.healthy');
  }
  const crashed = running();
  crashed.send(observed(crashed, { state: 'exited', requested: false }));
  lose(crashed);
  t.is(crashed.state, 'crashed.backing_off', 'it has no room there, and would never hear that its node is back');
});

for (const [at, steps] of Object.entries({ fetching: 0, creating: 1, booting: 2 })) {
  test(`a start that is ${at} when its node is lost fails at once, and the server starts with its node`, (t) => {
    const server = create(true);
    server.done('prepare', PREPARED);
    server.done('place', { placed: true });
    if (steps > 0) server.done('fetch');
    if (steps > 1) server.done('createContainer', { containerId: 'c1' });
    lose(server);
    t.is(server.state, 'lost.waiting_for_fence');
    t.true(isEnded(server, 'create-0', 'failed'));
    t.is(server.ended[0]?.error?.code, 'node_lost');
    t.deepEqual([...server.effects.keys()], []);
    back(server, null);
    server.done('verify', seen(server, null, { dataExists: false }));
    t.is(server.state, 'starting.placing');
  });
}

test('a step that fails because the node is silent waits for the node to be lost, and fails if it is not', (t) => {
  const silent = { code: 'node_unreachable', retry: 'transient' } as const;
  const starts = create(true);
  starts.done('prepare', PREPARED);
  starts.done('place', { placed: true });
  starts.fails('fetch', silent);
  t.is(starts.state, 'starting.unreachable');
  t.deepEqual(starts.ended, []);
  lose(starts);
  t.is(starts.state, 'lost.waiting_for_fence', 'and starts with its node');

  const stops = running();
  const kill = stops.command('kill');
  stops.fails('kill', silent);
  stops.ring('newsDeadline');
  t.is(stops.state, 'stopping.killing', 'it was a moment of silence');
  stops.fails('kill', silent);
  stops.ring('stopDeadline');
  t.is(stops.state, 'failed');
  t.true(isEnded(stops, kill?.id, 'failed'));

  const boots = create(true);
  boots.done('prepare', PREPARED);
  boots.done('place', { placed: true });
  boots.done('fetch');
  boots.done('createContainer', { containerId: 'c1' });
  boots.fails('boot', silent);
  boots.ring('newsDeadline');
  t.is(boots.state, 'failed');
  t.true(boots.context.reserved, 'it may still run');
});

test('the container from before a start is not taken for the one that starts', (t) => {
  const server = off();
  server.command('start');
  t.is(asked(server, 1, {}, { epoch: 1, state: 'paused' }), 'stop');
});

test('room that a node gave and cannot keep is asked for again', (t) => {
  const server = create(true);
  server.done('prepare', PREPARED);
  server.send({ ...news(server, 'node.lost'), nodeId: 'n2', epoch: 1, lastLeaseAt: null });
  t.is(server.state, 'queued');
  t.deepEqual(server.told()[1], { to: 'node/n2', event: { type: 'release', serverId: 's1', epoch: 1 } });
});

test('room that is kept while off stays when the node is lost during a start, whether it was given for that or before', (t) => {
  for (const hasGiven of [false, true]) {
    const server = off({ plan: 'reserved' });
    const before = server.context.placedEpoch;
    server.command('start');
    t.is(server.state, 'starting.placing');
    const epoch = hasGiven ? server.context.epoch : before;
    server.send({ ...news(server, 'node.lost'), epoch, lastLeaseAt: null });
    t.is(server.state, 'queued');
    t.true(server.context.reserved);
    const toNode = server.told().filter(({ to }) => to === 'node/n1');
    t.deepEqual(
      toNode.map(({ event }) => [event.type, event.epoch]),
      [['hold', server.context.epoch]],
    );
  }
});

test('a stop under way fails when the node is lost, and is kept as a wish; a restart wishes the other way', (t) => {
  for (const [command, state] of [
    ['stop', 'stopped'],
    ['restart', 'lost.fenced'],
  ] as const) {
    const server = running();
    const operation = server.command(command, { announce: '' });
    lose(server);
    t.true(isEnded(server, operation?.id, 'failed'));
    t.is(server.context.loss?.off, command === 'stop');
    fence(server);
    t.is(server.state, state);
  }
});

test('a delete that stops first is done when the node is lost: its node obeys the tombstone', (t) => {
  const server = running();
  const operation = server.command('delete', { stopFirst: true, announce: '' });
  lose(server);
  t.is(server.state, 'deleted.removing');
  t.true(isEnded(server, operation?.id, 'succeeded'));
  t.is(asked(server, 2), 'stop');
});

test('a rebuild whose node is lost has failed, and the old image counts', (t) => {
  const server = running();
  const operation = server.command('rebuild', { imageTag: 'new' });
  server.done('fetch');
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  t.is(server.context.epoch, 2);
  lose(server);
  t.is(server.state, 'lost.waiting_for_fence', 'its room still has the epoch from before');
  t.true(isEnded(server, operation?.id, 'failed'));
  t.like(server.context, { rebuild: null, spec: { imageTag: SPEC.imageTag }, restartPending: true });
  back(server, { id: 'c1', epoch: 1, state: 'exited' });
  t.is(server.state, 'lost.checking');
});

test('stop of a lost server: at once when it is fenced, else as soon as it is', (t) => {
  const early = running();
  lose(early);
  const stop = early.command('stop');
  t.true(isEnded(early, stop?.id, 'succeeded'));
  t.is(early.command('stop'), null, 'it was told already');
  t.is(asked(early, 1), 'stop', 'a node that comes back before that ends the container');
  t.is(early.state, 'lost.returning');
  fence(early);
  t.is(early.state, 'stopped');
  t.is(early.context.stoppedAt, early.now - 6000);
  t.deepEqual(early.told(), [{ to: 'node/n1', event: { type: 'release', serverId: 's1', epoch: 1 } }]);

  const late = fenced();
  const kill = late.command('kill');
  t.is(late.state, 'stopped');
  t.true(isEnded(late, kill?.id, 'succeeded'));
});

test('start takes the wish to be off back', (t) => {
  const server = running();
  lose(server);
  t.is(server.command('start'), null);
  server.command('stop');
  const start = server.command('start');
  t.true(isEnded(server, start?.id, 'succeeded'));
  fence(server);
  t.is(server.state, 'lost.fenced');
});

test('delete works at once while the node is gone', (t) => {
  const server = running();
  lose(server);
  const operation = server.command('delete');
  t.is(server.state, 'deleted.removing');
  t.true(isEnded(server, operation?.id, 'succeeded'));
  t.like(server.context, { loss: null, reserved: false, stoppedAt: server.now - 6000 });
});

test('a node that comes back with the server running goes on with it', (t) => {
  const server = fenced();
  t.is(asked(server, 2), 'keep');
  t.is(server.state, 'lost.returning');
  t.is(server.command('failover', { fresh: true }), null, 'nothing may begin elsewhere from here on');
  back(server, { state: 'paused' });
  t.is(server.state, 'running.unresponsive', 'until it answers');
  t.like(server.context, { loss: null, reserved: true, lastError: null });
  server.send({ type: 'probe.ok', players: 0 });
  t.is(server.state, 'running.healthy');
});

test('what was answered before the node was lost again is void, whichever message comes first', (t) => {
  const server = fenced();
  asked(server, 2);
  lose(server, 3);
  t.is(server.state, 'lost.waiting_for_fence');
  fence(server, 3);
  t.is(server.state, 'lost.fenced');
  t.is(asked(server, 2), 'hold', 'the question of a reading that was given up');
  t.is(server.state, 'lost.fenced');

  const overtaken = running();
  t.is(asked(overtaken, 2), 'keep');
  t.is(overtaken.state, 'running.healthy');
  lose(overtaken, 1);
  t.is(overtaken.state, 'lost.returning', 'its node may free it any moment');
  fence(overtaken, 2);
  t.is(overtaken.state, 'lost.returning');
  fence(overtaken, 3);
  t.is(overtaken.state, 'lost.fenced');
});

test('a question under a lease that lasts moves nothing', (t) => {
  const server = fenced();
  t.is(asked(server, 2, { recovering: false }), 'keep');
  t.is(server.state, 'lost.fenced');
  t.is(asked(server, 2, { nodeId: 'n3' }), 'quarantine');
  t.is(server.state, 'lost.fenced');
});

test('a node that has only the world holds off a failover as well', (t) => {
  const server = fenced();
  server.send({
    type: 'node.shows',
    nodeId: 'n1',
    leaseEpoch: 2,
    recovering: true,
    world: { serverId: 's1', epoch: 1 },
  });
  t.is(server.state, 'lost.returning');
});

test('a server whose node rebooted starts on it again by itself, and that is no crash', (t) => {
  const server = fenced();
  asked(server, 2, {}, { state: 'exited' });
  back(server, { state: 'exited', exitCode: 137 }, { rebooted: true });
  t.is(server.state, 'lost.checking');
  server.done('verify', seen(server, { state: 'exited', exitCode: 137 }));
  t.is(server.state, 'starting.placing');
  t.deepEqual(server.context.crashes, []);
  boot(server);
  t.is(server.state, 'running.healthy');
});

test('a node that reboots before anybody missed it says so when it is back', (t) => {
  const server = running();
  asked(server, 1, {}, { state: 'exited' });
  back(server, { state: 'exited' }, { rebooted: true, leaseEpoch: 1 });
  t.is(server.state, 'lost.checking');
  server.done('verify', seen(server, null));
  t.is(server.state, 'starting.placing');
});

test('what is left on a node that comes back decides; a world that is gone is never made anew', (t) => {
  const ways = [
    [seen(running(), null, { dataExists: false }), 'missing'],
    [seen(running(), { state: 'exited', requested: true }), 'stopped'],
    [seen(running(), { state: 'exited', requested: false }), 'crashed.backing_off'],
    [seen(running(), { state: 'running' }), 'running.unresponsive'],
    [seen(running(), null), 'starting.placing'],
  ] as const;
  for (const [observation, state] of ways) {
    const server = fenced();
    back(server, null);
    server.fails('verify');
    t.is(server.state, 'lost.checking');
    server.ring('verifyDeadline');
    server.done('verify', observation);
    t.is(server.state, state);
    t.is(server.context.loss, null);
  }
});

test('one that shall be off is stopped when its node has it running', (t) => {
  const server = running();
  lose(server);
  asked(server, 1);
  server.command('stop');
  back(server, {});
  t.is(server.state, 'stopping.checking');
  server.done('verify', seen(server));
  t.is(server.state, 'stopping.saving');
});

test('failover with an empty world: new epoch, new home, and the old node gets its room back', (t) => {
  const server = fenced();
  const operation = server.command('failover', { fresh: true });
  t.like(server.effects.get('place')?.input, { epoch: 2, dataExists: false, avoid: ['n1'], wanted: null });
  t.like(server.context, { epoch: 1, nodeId: 'n1' });
  server.done('place', { placed: true, home: HOME });
  t.is(server.state, 'starting.fetching');
  t.deepEqual(server.told(), [{ to: 'node/n1', event: { type: 'release', serverId: 's1', epoch: 2 } }]);
  t.like(server.context, {
    ...HOME,
    epoch: 2,
    placedEpoch: 2,
    containerId: null,
    dataExists: false,
    loss: null,
    givenUp: { nodeId: 'n1', epoch: 1, lastLeaseAt: server.now - 6000, fresh: true },
  });
  server.done('fetch');
  server.done('createContainer', { containerId: 'c2' });
  server.done('boot', { players: 0 });
  t.true(isEnded(server, operation?.id, 'succeeded'));
  t.is(asked(server, 9, {}, { id: 'c1', epoch: 1 }), 'quarantine');
  t.is(server.state, 'running.healthy');
});

test('failover without fresh goes where the data was put, and back to waiting where none was', (t) => {
  const server = fenced();
  const none = server.command('failover', { nodeId: 'n2' });
  t.deepEqual(server.effects.get('findWorld')?.input, { serverId: 's1', avoid: ['n1'], wanted: 'n2' });
  server.fails('findWorld', { code: 'no_data' });
  t.is(server.state, 'lost.fenced');
  t.true(isEnded(server, none?.id, 'failed'));
  t.is(asked(server, 2), 'keep', 'nothing was given up');

  const other = fenced();
  other.command('failover');
  other.done('findWorld', { nodeId: 'n2' });
  t.like(other.effects.get('place')?.input, { wanted: 'n2' });
  other.done('place', { placed: true, home: HOME });
  t.like(other.context, { dataExists: true, givenUp: { fresh: false } });
});

test('by policy it fails over by itself, once it is fenced and the grace is over', (t) => {
  const server = running({ failoverPolicy: 'fresh', failoverGraceSeconds: 60 });
  lose(server);
  const since = server.now;
  server.now += 18_000;
  fence(server);
  t.is(server.dueIn('failoverGrace'), 42_000);
  server.ring('failoverGrace');
  t.is(server.now, since + 60_000);
  t.is(server.state, 'lost.placing');
  server.done('place', { placed: false, reason: 'full' });
  t.is(server.state, 'lost.fenced');
  t.is(server.context.lastError?.code, 'no_other_node');
  t.is(server.dueIn('failoverGrace'), 60_000, 'tried again after a while');
  server.ring('failoverGrace');
  t.like(server.effects.get('place')?.input, { epoch: 3 }, 'each attempt has an epoch of its own');
  server.done('place', { placed: false, reason: 'others start', busy: true });
  t.is(server.dueIn('failoverGrace'), 2_000, 'where only its turn has not come it is soon');

  const waits = running({ failoverGraceSeconds: 0 });
  lose(waits);
  fence(waits);
  waits.ring('failoverGrace');
  t.is(waits.state, 'lost.fenced');
  waits.command('configure', { changes: { failoverPolicy: 'fresh' } });
  waits.ring('failoverGrace');
  t.is(waits.state, 'lost.placing', 'another policy counts from now on');
});

test('a failover that has found no room yet is called off by its node, by stop and by cancel', (t) => {
  const returned = fenced();
  const first = returned.command('failover', { fresh: true });
  t.is(asked(returned, 2), 'keep');
  t.is(returned.state, 'lost.returning');
  t.true(isEnded(returned, first?.id, 'cancelled'));
  t.false(returned.effects.has('place'));

  const stopped = fenced();
  stopped.command('failover', { fresh: true });
  stopped.command('stop');
  t.is(stopped.state, 'stopped');

  const cancelled = fenced();
  const operation = cancelled.command('failover', { fresh: true });
  const cancel = cancelled.command('cancel', { operationId: operation?.id });
  t.is(cancelled.state, 'lost.fenced');
  t.true(isEnded(cancelled, cancel?.id, 'succeeded'));
});

test('a place on the same node is no failover', (t) => {
  const server = fenced();
  const operation = server.command('failover', { fresh: true });
  server.done('place', { placed: true });
  t.is(server.state, 'lost.fenced');
  t.true(isEnded(server, operation?.id, 'failed'));
});

test('a lost server keeps its room, since only those with room hear of their node', (t) => {
  const server = create(true);
  server.done('prepare', PREPARED);
  server.done('place', { placed: true });
  lose(server);
  t.like(server.told(), [{ to: 'node/n1', event: { type: 'hold', epoch: 1 } }]);
  server.send({ type: 'reservation.expired', nodeId: 'n1', epoch: 1 });
  t.is(server.state, 'lost.waiting_for_fence');
  t.like(server.told(), [{ to: 'node/n1', event: { type: 'hold', epoch: 1 } }]);
});

test('a container that is newer than anything known is held, and a person decides', (t) => {
  const server = fenced();
  t.is(asked(server, 2, {}, { id: 'other', epoch: 7 }), 'hold');
  t.is(server.context.lastError?.code, 'epoch_ahead');
  back(server, { id: 'other', epoch: 7, state: 'paused' });
  t.is(server.state, 'failed');
  server.command('start');
  t.is(server.context.epoch, 8, 'what it starts then is above');
});

test('a server without data may be placed on another node, which is its home then', (t) => {
  const server = create(true);
  server.done('prepare', PREPARED);
  t.like(server.effects.get('place')?.input, { dataExists: false, avoid: [], wanted: null });
  server.done('place', { placed: true, home: HOME });
  t.like(server.context, { ...HOME, reserved: true, placedEpoch: 1 });
  const other = off();
  other.command('start');
  t.like(other.effects.get('place')?.input, { dataExists: true });
});

test('a server that failed with its container running gives its room back when its node says that it is gone', (t) => {
  const server = running();
  server.command('stop', { announce: '' });
  server.done('save');
  server.fails('terminate');
  t.true(server.context.reserved);
  lose(server);
  fence(server);
  t.is(server.state, 'failed');
  back(server, null);
  t.false(server.context.reserved);
});

test('a server that the first version stored goes on where it was', (t) => {
  const machine = createServerMachine();
  const server = running();
  const stored = JSON.parse(JSON.stringify(machine.getPersistedSnapshot(server.snapshot)));
  const { placedEpoch: _, triedEpoch: __, loss: ___, lease: ____, givenUp: _____, ...context } = stored.context;
  const { failoverPolicy: ______, failoverGraceSeconds: _______, ...spec } = context.spec;
  const migrated = migrateServer({ ...stored, context: { ...context, spec } }, '1');
  t.deepEqual((migrated as { context: object }).context, {
    ...server.context,
    triedEpoch: 1,
  } as never);
  const restored = new Drive<ServerContext>(machine, { id: 's1', ownerId: 'o1', spec: SPEC, start: false });
  restored.snapshot = machine.restoreSnapshot(migrated as never, scopeFor([])) as never;
  lose(restored);
  t.is(restored.state, 'lost.waiting_for_fence');
  t.throws(() => migrateServer(stored, '7'), { instanceOf: TypeError });
});
