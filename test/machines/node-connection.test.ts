import test from 'ava';
import { fenceWaitMs, grantUntil, LEASE_LIMITS } from '../../src/machines/fleet/index.ts';
import { isNews, knownAfter, NODE_LIMITS, nodeStatus } from '../../src/machines/node/index.ts';
import {
  beat,
  connected,
  how,
  inventory,
  isEnded,
  local,
  lose,
  type Node,
  reading,
  reserve,
  shown,
  WAIT_MS,
} from './node-stations.ts';

const news = (node: Node) =>
  node
    .told()
    .filter(({ event }) => event.type.startsWith('node.'))
    .map(({ to, event: { type, nodeId: _, leaseEpoch: __, ...rest } }) => ({ to, type, ...rest }));

const connectionValue = (node: Node) => (node.snapshot.value as { connection: unknown }).connection;

test('a fence waits for what a lease can last at most, on a clock that is slower than ours, and for the pause', (t) => {
  const { ttlMs, driftPpm, pauseBudgetMs, beatMs, missedLimit } = LEASE_LIMITS;
  t.is(fenceWaitMs(LEASE_LIMITS), WAIT_MS);
  t.is(
    fenceWaitMs({ ...LEASE_LIMITS, ttlMs: 10_001, driftPpm: 1, pauseBudgetMs: 0 }),
    10_002,
    'a part counts as a whole',
  );
  t.is(grantUntil(4_000, LEASE_LIMITS), 19_000);
  t.true(missedLimit * beatMs < ttlMs, 'a short cut is over before the lease is');
  t.true(driftPpm > 0 && pauseBudgetMs > 0);
});

test('one missed heartbeat makes it suspect, and the next one that is answered healthy again', (t) => {
  const node = connected();
  node.send({ type: 'beat.missed', streak: 1, lastLeaseAt: 5 });
  t.is(how(node), 'ready suspect calm');
  t.true(node.effects.has('heartbeat'), 'its lease is renewed all the same');
  t.false(reserve(node, 'b').placed);
  beat(node);
  t.is(how(node), 'ready healthy calm');
  t.is(node.context.missed, 0);
});

test('three missed heartbeats make it unreachable: grants end, and every server there is told', (t) => {
  const node = connected();
  reserve(node, 'a', 4);
  reserve(node, 'b', 7);
  lose(node, 123);
  t.is(how(node), 'ready unreachable calm');
  t.deepEqual(news(node), [
    { to: 'server/a', type: 'node.lost', epoch: 4, lastLeaseAt: 123 },
    { to: 'server/b', type: 'node.lost', epoch: 7, lastLeaseAt: 123 },
  ]);
  t.deepEqual([...node.effects.keys()].sort(), ['connect', 'fence']);
  t.like(node.effects.get('fence')?.input, { waitMs: WAIT_MS });
  t.is(reserve(node, 'c').reason, 'n1 does not answer.');
  t.is(node.context.lastLeaseAt, 123);
});

test('the lease proves nothing before its time, whatever the effect says', (t) => {
  const node = connected();
  reserve(node, 'a');
  lose(node);
  node.done('fence', { proof: 'lease_expired', waitedMs: WAIT_MS - 1 });
  t.is(node.context.fence, null);
  t.deepEqual(news(node), []);
  node.ring('retry');
  node.done('fence', { proof: 'lease_expired', waitedMs: WAIT_MS });
  t.is(how(node), 'ready fenced calm');
  t.deepEqual(news(node), [
    { to: 'server/a', type: 'node.fenced', epoch: 1, proof: 'lease_expired', provenAt: node.now },
  ]);
  t.deepEqual(node.context.fence, { proof: 'lease_expired', at: node.now });
});

test('the proof that was used is kept, and so is the raised epoch of the lease', (t) => {
  for (const proof of ['node_stopped', 'provider_off'] as const) {
    const node = connected();
    lose(node);
    node.done('fence', { proof, waitedMs: 10 });
    t.like(node.context, { fence: { proof }, leaseEpoch: 2 });
  }
});

test('on the machine that Baton runs on the lease is no proof', (t) => {
  const node = local();
  lose(node);
  t.like(node.effects.get('fence')?.input, { waitMs: null });
  node.done('fence', { proof: 'lease_expired', waitedMs: 1e9 });
  t.is(node.context.fence, null);
});

test('the lease of a node that nobody guards proves nothing, also when that was long ago', (t) => {
  const node = connected();
  beat(node, { guarded: false });
  t.false(node.context.guarded);
  lose(node);
  t.like(node.effects.get('fence')?.input, { waitMs: null });
  node.done('fence', { proof: 'lease_expired', waitedMs: 1e9 });
  t.is(node.context.fence, null);
  node.done('connect', { bootId: 'b1' });
  node.done('readInventory', inventory());
  beat(node);
  lose(node);
  t.like(node.effects.get('fence')?.input, { waitMs: WAIT_MS }, 'it was guarded when it was last heard');
});

test('a node that has seen a newer epoch of its lease is spoken to above that, at once', (t) => {
  const stale = { code: 'stale_epoch', retry: 'fenced', details: { reason: 'over', highest: 41 } } as const;
  const node = connected();
  node.fails('heartbeat', stale);
  t.is(node.context.leaseEpoch, 42);
  node.done('connect', { bootId: 'b1' });
  node.fails('readInventory', stale);
  t.is(node.context.leaseEpoch, 43, 'each loss makes void what it was told to keep');
  node.ring('retry');
  node.done('connect', { bootId: 'b1' });
  node.done('readInventory', inventory());
  t.like(node.effects.get('heartbeat')?.input, { leaseEpoch: 43 });
});

test('a late heartbeat of the effect that was left changes nothing', (t) => {
  const node = connected();
  lose(node);
  const { snapshot } = node;
  t.false(beat(node));
  t.is(node.snapshot, snapshot);
});

test('a fence that fails is tried again', (t) => {
  const node = connected();
  lose(node);
  node.fails('fence');
  t.false(node.effects.has('fence'));
  node.ring('retry');
  t.true(node.effects.has('fence'));
});

test('failing to reach it does not begin the wait anew', (t) => {
  const node = connected();
  lose(node);
  const fence = node.effects.get('fence');
  node.fails('connect', { code: 'host_key_changed' });
  t.is(node.context.lastError?.code, 'host_key_changed');
  t.is(node.effects.get('fence'), fence);
  node.ring('retry');
  t.true(node.effects.has('connect'));
  t.is(node.effects.get('fence'), fence);
});

test('a node that comes back in time is read before it gets a lease, and its servers hear how they are', (t) => {
  const node = connected();
  reserve(node, 'a');
  reserve(node, 'b', 2);
  lose(node);
  node.done('connect', { bootId: 'b1' });
  t.is(how(node), 'ready recovering calm');
  t.deepEqual([...node.effects.keys()], ['readInventory'], 'neither a lease nor a fence');
  node.done(
    'readInventory',
    inventory([shown('a'), shown('b')], { keep: [{ serverId: 'a', epoch: 1 }], stop: [shown('b')] }),
  );
  t.deepEqual([...node.effects.keys()], ['quarantineStrays']);
  t.like(node.effects.get('quarantineStrays')?.input, { leaseEpoch: 1, stop: [shown('b')] });
  node.done('quarantineStrays');
  t.is(how(node), 'ready healthy calm');
  t.deepEqual(news(node), [
    { to: 'server/a', type: 'node.returned', epoch: 1, bootId: 'b1', rebooted: false, container: shown('a') },
    { to: 'server/b', type: 'node.returned', epoch: 2, bootId: 'b1', rebooted: false, container: null },
  ]);
  t.like(node.context, { awaySince: null, settlement: null, leaseEpoch: 1, shown: [shown('a')] });
});

test('a proof holds until there is a lease again, and no longer', (t) => {
  const node = connected();
  lose(node);
  node.done('fence', { proof: 'lease_expired', waitedMs: WAIT_MS });
  node.done('connect', { bootId: 'b1' });
  node.fails('readInventory');
  t.is(how(node), 'ready fenced calm');
  t.false(node.effects.has('fence'), 'nothing has been granted since');
  t.is(node.context.leaseEpoch, 3, 'but what it was told to keep is void');
  node.ring('retry');
  node.done('connect', { bootId: 'b1' });
  node.done('readInventory', inventory());
  t.is(node.context.fence, null);
  lose(node);
  t.true(node.effects.has('fence'));
  t.like(node.effects.get('fence')?.input, { leaseEpoch: 3 });
});

const leaseOf = (node: Node) => node.told().map(({ event }) => [event.type, event.leaseEpoch]);

test('a node that is lost again before it was connected makes void what it was told to keep, and says so', (t) => {
  const node = connected();
  reserve(node, 'a');
  lose(node);
  t.deepEqual(leaseOf(node), [['node.lost', 1]]);
  const since = node.context.awaySince;
  node.done('connect', { bootId: 'b1' });
  node.now += 1000;
  node.ring('inventoryDeadline');
  t.is(how(node), 'ready unreachable calm');
  t.deepEqual(leaseOf(node), [['node.lost', 2]]);
  t.is(node.context.leaseEpoch, 2);
  t.is(node.context.awaySince, since, 'it has been away all the time');
  node.done('fence', { proof: 'lease_expired', waitedMs: WAIT_MS });
  t.false(node.effects.has('connect'), 'it rests, since it would answer at once and fail again');
  node.ring('retry');
  node.done('connect', { bootId: 'b1' });
  node.done('readInventory', inventory([], { keep: [{ serverId: 'a', epoch: 1 }] }));
  t.like(node.effects.get('quarantineStrays')?.input, { leaseEpoch: 3 });
  node.ring('quarantineDeadline');
  t.is(how(node), 'ready fenced calm', 'nothing was granted, so the proof holds');
  t.deepEqual(leaseOf(node), [
    ['node.lost', 4],
    ['node.fenced', 4],
  ]);
  t.is(node.context.settlement, null);
});

test('a node that is removed while it is read is lost to its servers', (t) => {
  const node = connected();
  reserve(node, 'a');
  lose(node);
  node.done('connect', { bootId: 'b1' });
  node.command('remove');
  t.is(news(node)[0]?.type, 'node.lost');
});

test('servers of a node that reboots and is lost before it was read hear that it is lost', (t) => {
  const node = connected();
  reserve(node, 'a');
  beat(node, { bootId: 'b2' });
  node.fails('readInventory');
  t.is(how(node), 'ready unreachable calm');
  t.deepEqual(leaseOf(node), [['node.lost', 2]]);
});

test('whoever reads the inventory knows whether the node waits for a lease', (t) => {
  const node = connected();
  node.command('sync');
  t.like(node.effects.get('readInventory')?.input, { recovering: false });
  lose(node);
  node.done('connect', { bootId: 'b1' });
  t.like(node.effects.get('readInventory')?.input, { recovering: true });
});

test('another boot id is known at once: its lease ends, and its servers hear that what ran has ended', (t) => {
  const node = connected();
  reserve(node, 'a');
  beat(node, { bootId: 'b2' });
  t.is(how(node), 'ready recovering calm');
  t.false(node.effects.has('heartbeat'));
  const ended = shown('a', { state: 'exited', exitCode: 137 });
  node.done('readInventory', inventory([ended], {}, 'b2'));
  t.deepEqual(news(node), [
    { to: 'server/a', type: 'node.returned', epoch: 1, bootId: 'b2', rebooted: true, container: ended },
  ]);
  t.like(node.context, { bootId: 'b2', rebooted: false });
});

test('a node that booted while it was away is known to have', (t) => {
  const node = connected();
  reserve(node, 'a');
  lose(node);
  node.done('connect', { bootId: 'b2' });
  node.done('readInventory', inventory([], {}, 'b2'));
  t.like(news(node)[0], { type: 'node.returned', rebooted: true, container: null });
});

test('sync reads it again under its lease, puts strays aside, and tells nobody', (t) => {
  const node = connected();
  reserve(node, 'a');
  const sync = node.command('sync');
  t.deepEqual([...node.effects.keys()].sort(), ['heartbeat', 'readInventory']);
  node.done('readInventory', inventory([shown('x')], { stop: [shown('x')] }));
  node.done('quarantineStrays');
  t.true(isEnded(node, sync?.id, 'succeeded'));
  t.deepEqual(node.told(), []);
  t.is(how(node), 'ready healthy calm');
  const late = node.command('sync');
  node.ring('inventoryDeadline');
  t.true(isEnded(node, late?.id, 'failed'));
  const lost = node.command('sync');
  node.send({ type: 'beat.missed', streak: 1, lastLeaseAt: 1 });
  t.is(how(node), 'ready healthy calm', 'it is still being read');
  lose(node);
  t.true(isEnded(node, lost?.id, 'failed'));
  t.is(node.command('sync'), null);
});

test('a heartbeat that ends by itself is one that nobody answers', (t) => {
  for (const end of ['done', 'fails'] as const) {
    const node = connected();
    reserve(node, 'a');
    node[end]('heartbeat');
    t.is(how(node), 'ready unreachable calm');
    t.is(news(node)[0]?.type, 'node.lost');
  }
});

test('only what matters of a heartbeat is told to the actor', (t) => {
  const node = connected();
  const { context } = node;
  const known = knownAfter({ ...context, missed: 0 }, reading(), 1000, NODE_LIMITS);
  const matters = (more: object, at = 1000) => isNews(known, reading(more), at, NODE_LIMITS);
  t.false(matters({ clockMs: 9_999, disk: 0.6, cpu: 0.94 }));
  t.true(matters({ bootId: 'b2' }));
  t.true(matters({ disk: 0.91 }));
  t.true(matters({ containers: [shown('a')] }));
  t.true(matters({ ramMb: 9000 }));
  t.true(matters({ guarded: false }));
  t.false(matters({}, 60_999));
  t.true(matters({}, 61_000), 'the lease is written down once a minute');
  t.true(isNews({ ...known, missed: 1 }, reading(), 1000, NODE_LIMITS));
  const paused = knownAfter(known, reading({ containers: [shown('a')] }), 1000, NODE_LIMITS);
  t.true(isNews(paused, reading({ containers: [shown('a', { state: 'paused' })] }), 1000, NODE_LIMITS));
  t.false(isNews(paused, reading({ containers: [shown('a')] }), 1000, NODE_LIMITS));
});

test('a machine that grew is another size at the next heartbeat', (t) => {
  const node = connected();
  beat(node, { ramMb: 16_000, cpus: 8 });
  t.like(node.context, { ramMb: 16_000, cpus: 8 });
  t.is(nodeStatus(node.snapshot).status, 'ready');
  t.deepEqual(connectionValue(node), { connected: 'healthy' });
});
