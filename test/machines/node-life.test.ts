import test from 'ava';
import { holdersOf, nodeStatus } from '../../src/machines/node/index.ts';
import {
  added,
  BOOTSTRAPPED,
  beat,
  connected,
  how,
  inventory,
  isEnded,
  local,
  lose,
  reserve,
  SSH,
  shown,
} from './node-stations.ts';

test('the local machine needs no bootstrap and is ready at once', (t) => {
  const node = local({ operation: { id: 'create-0', command: 'create' } });
  t.is(how(node), 'ready healthy calm');
  t.deepEqual([...node.effects.keys()], ['heartbeat']);
  t.true(isEnded(node, 'create-0', 'succeeded'));
});

test('a node that is added by hand is bootstrapped, read, and takes servers only then', (t) => {
  const node = added();
  t.deepEqual(nodeStatus(node.snapshot).detail, 'bootstrapping');
  t.is(reserve(node, 'a').reason, 'n1 is not ready yet.');
  node.done('bootstrap', BOOTSTRAPPED);
  t.true(isEnded(node, 'create-0', 'succeeded'));
  t.is(how(node), 'ready recovering calm');
  t.false(reserve(node, 'a').placed);
  node.done('readInventory', inventory());
  t.is(how(node), 'ready healthy calm');
  t.like(node.context, { hostKey: 'ssh-ed25519 A', bootId: 'b1', ramMb: 8000, cpus: 4 });
  t.true(reserve(node, 'a', 2).placed);
});

test('a machine that was a node before gets a lease that is newer than all that it has seen', (t) => {
  const node = added();
  node.done('bootstrap', { ...BOOTSTRAPPED, leaseEpoch: 7 });
  t.is(node.context.leaseEpoch, 8);
});

test('a bootstrap that fails says why, and is done again with another way to reach the machine', (t) => {
  const node = added();
  node.fails('bootstrap', { code: 'ssh_refused', message: 'Nobody listens.' });
  t.is(nodeStatus(node.snapshot).status, 'failed');
  t.is(node.context.lastError?.code, 'ssh_refused');
  t.true(isEnded(node, 'create-0', 'failed'));
  const ssh = { ...SSH, port: 2222 };
  const again = node.command('bootstrap', { ssh });
  t.like(node.effects.get('bootstrap')?.input, { ssh });
  node.done('bootstrap', BOOTSTRAPPED);
  t.true(isEnded(node, again?.id, 'succeeded'));
  t.is(node.context.lastError, null);
});

test('a bootstrap that takes too long is given up', (t) => {
  const node = added();
  node.ring('bootstrapDeadline');
  t.is(nodeStatus(node.snapshot).status, 'failed');
  t.is(node.context.lastError?.code, 'deadline_exceeded');
});

test('a cloud node waits for its machine before it is bootstrapped', (t) => {
  const node = added({ kind: 'cloud', ssh: undefined });
  t.is(nodeStatus(node.snapshot).detail, 'requesting');
  node.send({ type: 'machine.requested' });
  t.is(nodeStatus(node.snapshot).detail, 'booting');
  node.send({ type: 'machine.booted', ssh: SSH });
  t.like(node.effects.get('bootstrap')?.input, { ssh: SSH });
  for (const delay of ['requestDeadline', 'machineDeadline']) {
    const late = added({ kind: 'cloud', ssh: undefined });
    if (delay === 'machineDeadline') late.send({ type: 'machine.requested' });
    late.ring(delay);
    t.is(nodeStatus(late.snapshot).status, 'failed');
    t.is(late.command('bootstrap'), null, 'there is no machine to set up');
  }
});

test('a cordoned node keeps its servers and takes no more until it is uncordoned', (t) => {
  const node = connected();
  reserve(node, 'a');
  t.truthy(node.command('cordon'));
  t.is(how(node), 'cordoned healthy calm');
  t.is(reserve(node, 'b').reason, 'n1 is cordoned.');
  t.true(reserve(node, 'a').placed, 'what was given stays given');
  t.is(node.command('cordon'), null, 'it is cordoned already');
  t.truthy(node.command('uncordon'));
  t.is(how(node), 'ready healthy calm');
  t.true(reserve(node, 'b').placed);
});

test('on a cordoned node a server that has room there may be restarted in it, until the node is to leave', (t) => {
  const node = connected();
  reserve(node, 'a');
  node.command('cordon');
  t.true(reserve(node, 'a', 2).placed);
  t.is(node.context.reservations.a?.epoch, 2);
  t.false(reserve(node, 'b').placed);
  node.command('drain');
  t.true(reserve(node, 'a', 3).placed);
  node.command('decommission');
  t.is(reserve(node, 'a', 4).reason, 'n1 is about to leave.');
  t.is(node.context.reservations.a?.epoch, 3);
});

test('draining takes no new servers, says what holds it, and is called off at any time', (t) => {
  const node = connected();
  reserve(node, 'b');
  reserve(node, 'a');
  const drain = node.command('drain');
  t.is(node.ended.find(({ id }) => id === drain?.id)?.message, 'It is held by 2: a, b.');
  t.is(nodeStatus(node.snapshot).detail, 'emptying');
  t.false(reserve(node, 'c').placed);
  node.send({ type: 'release', serverId: 'a', epoch: 1 });
  t.deepEqual(holdersOf(node.context), ['b']);
  node.send({ type: 'release', serverId: 'b', epoch: 1 });
  t.is(nodeStatus(node.snapshot).detail, 'empty');
  t.truthy(node.command('undrain'));
  t.is(how(node), 'ready healthy calm');
});

test('a drained node stays; one that is decommissioned leaves once it was empty for five minutes', (t) => {
  const drained = connected();
  drained.command('drain');
  drained.ring('emptyFor');
  t.is(nodeStatus(drained.snapshot).detail, 'empty', 'nobody said that it shall leave');

  const node = connected();
  reserve(node, 'a');
  node.command('decommission');
  t.is(nodeStatus(node.snapshot).detail, 'emptying');
  node.send({ type: 'release', serverId: 'a', epoch: 1 });
  t.is(node.dueIn('emptyFor'), 300_000);
  node.ring('emptyFor');
  node.done('decommission');
  t.is(node.snapshot.status, 'done');
  t.deepEqual([...node.effects.keys()], []);
});

test('a node is not empty while its own inventory shows that something runs', (t) => {
  const node = connected();
  beat(node, { containers: [shown('x')] });
  node.command('decommission');
  t.is(nodeStatus(node.snapshot).detail, 'emptying');
});

test('a node that may not leave after all is only drained', (t) => {
  const node = connected();
  node.command('decommission');
  node.ring('emptyFor');
  node.fails('decommission', { code: 'node_not_empty' });
  t.is(nodeStatus(node.snapshot).detail, 'empty');
  t.like(node.context, { leaves: false, lastError: { code: 'node_not_empty' } });
  t.truthy(node.command('decommission'), 'it is asked again');
  t.is(node.dueIn('emptyFor'), 300_000);
});

test('a dead node is forgotten at once, and cleaned up if it ever returns', (t) => {
  const node = connected();
  reserve(node, 'a');
  t.is(node.command('remove'), null, 'one that answers is drained first');
  lose(node);
  const remove = node.command('remove');
  t.true(isEnded(node, remove?.id, 'succeeded'));
  t.is(nodeStatus(node.snapshot).status, 'removed');
  t.true(node.effects.has('fence'), 'its servers still wait for a proof');
  node.done('fence', { proof: 'lease_expired', waitedMs: 20_000 });
  t.deepEqual(
    node.told().map(({ to, event }) => `${to} ${event.type}`),
    ['server/a node.fenced'],
  );
  t.deepEqual([...node.effects.keys()], ['wipe']);
  node.fails('wipe', { retry: 'transient' });
  node.ring('retry');
  node.done('wipe');
  t.is(node.snapshot.status, 'done');
});

test('a removed node that answers before its lease has run out is proof enough when it was wiped', (t) => {
  const node = connected();
  reserve(node, 'a');
  lose(node);
  node.command('remove');
  node.done('wipe');
  t.like(node.told()[0]?.event, { type: 'node.fenced', proof: 'node_stopped' });
  t.is(node.snapshot.status, 'done');
});

test('a removed node never gets a lease again, though it answers', (t) => {
  const node = connected();
  lose(node);
  node.command('remove');
  node.done('connect', { bootId: 'b1' });
  t.false(node.effects.has('heartbeat'));
  t.false(node.effects.has('readInventory'));
  const recovering = connected();
  lose(recovering);
  recovering.done('connect', { bootId: 'b1' });
  recovering.command('remove');
  t.false(recovering.effects.has('readInventory'));
});

test('a removed node that never returns is forgotten after a month', (t) => {
  const node = added();
  node.fails('bootstrap');
  node.command('remove');
  t.deepEqual([...node.effects.keys()], ['wipe']);
  t.is(node.dueIn('tombstone'), 30 * 86_400_000);
  node.ring('tombstone');
  t.is(node.snapshot.status, 'done');
});

test('labels are taken in any state', (t) => {
  const node = added();
  node.command('label', { labels: { rack: '7' } });
  t.deepEqual(node.context.labels, { rack: '7' });
});

test('a system node takes no servers', (t) => {
  t.is(reserve(local({ system: true }), 'a').reason, "n1 is for Baton's own use.");
});
