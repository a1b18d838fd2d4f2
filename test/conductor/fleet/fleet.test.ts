import test from 'ava';
import { createFleet, createPicture, type FleetPicture, type RoomRequest } from '../../../src/conductor/fleet/index.ts';
import type { Admission } from '../../../src/conductor/queue/index.ts';
import { createFleetMemory, createInlinePlanner, type Planner } from '../../../src/planner/index.ts';
import { asks, STARTS_MAX, testNodes } from './nodes.ts';

/** A fleet whose clock stands still and whose nodes answer at once. */
function aFleet(
  more: {
    admission?: () => Admission;
    held?: readonly string[];
    startsMax?: number;
    planner?: Partial<Planner>;
    answersLate?: boolean;
  } = {},
) {
  const clock = { at: 0, now: () => clock.at };
  const memory = createFleetMemory();
  const startsMax = more.startsMax ?? STARTS_MAX;
  const picture = createPicture({ memory, clock, startsMax });
  const nodes = testNodes(picture, startsMax);
  const asked: string[] = [];
  const planner = { ...createInlinePlanner({ memory }), ...more.planner };
  const fleet = createFleet({
    picture,
    planner,
    queue: {
      admission: more.admission ?? (() => ({ admitted: true, nodeId: null })),
      heldFromIt: () => more.held ?? [],
    },
    async ask(address, event) {
      const id = address.slice('node/'.length);
      asked.push(`${id} ${event.type}`);
      const answer = nodes.send(id, event);
      if (event.type === 'reserve' && more.answersLate) throw new Error('It took too long.');
      return answer;
    },
    clock,
    engine: 'simulated',
    tries: 3,
    askMs: 1_000,
  });
  return { fleet, nodes, picture, asked, planner, clock };
}

const request = (serverId: string, more: Partial<RoomRequest> = {}): RoomRequest => ({
  serverId,
  epoch: 1,
  demand: asks(1000),
  startMs: 60_000,
  only: null,
  avoid: [],
  wanted: null,
  ...more,
});
const never = new AbortController().signal;
const placedOn = (nodeId: string) => ({ placed: true, nodeId }) as const;

test('a node keeps room for as long as the start of that server may take', async (t) => {
  const { fleet, nodes } = aFleet();
  const { now } = nodes.add('n1', 4000);
  await fleet.reserve(request('quick'), never);
  await fleet.reserve(request('slow', { startMs: 3_600_000, demand: asks(500) }), never);
  const { reservations } = nodes.get('n1').context;
  t.is(reservations.quick?.startsUntil, now + 60_000);
  t.is(reservations.slow?.startsUntil, now + 3_600_000);
});

test('a server gets room where the planner says, and no other server is given it', async (t) => {
  const { fleet, nodes, picture } = aFleet();
  nodes.add('small', 4000);
  nodes.add('large', 16_000);
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('small'));
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('small'), 'twice is once');
  t.deepEqual(picture.reservationOf('a'), { nodeId: 'small', epoch: 1 });
  t.deepEqual(await fleet.reserve(request('b', { demand: asks(2500) }), never), placedOn('large'));
});

test('a picture that is old costs a question more: the next best node is asked', async (t) => {
  let first = true;
  const { fleet, nodes, asked } = aFleet({
    planner: {
      async place({ avoid = [] }) {
        const stale = first;
        first = false;
        return stale ? 'full' : (['full', 'other'].find((id) => !avoid.includes(id)) ?? null);
      },
    },
  });
  nodes.add('full', 4000);
  nodes.add('other', 4000);
  nodes.run('full', 'x', asks(2900));
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('other'));
  t.deepEqual(asked, ['full reserve', 'other reserve']);
});

test('so many nodes are asked and no more; then the last one says why', async (t) => {
  const { fleet, nodes, asked } = aFleet({
    planner: { place: async ({ avoid = [] }) => `n${avoid.length}` },
  });
  for (const id of ['n0', 'n1', 'n2', 'n3']) nodes.add(id, 1000);
  const room = await fleet.reserve(request('a'), never);
  t.deepEqual(asked, ['n0 reserve', 'n1 reserve', 'n2 reserve']);
  t.deepEqual(room, {
    placed: false,
    reason: 'It needs 1000 MB of RAM, and n2 has 500 MB of RAM even when it is empty.',
  });
});

test('who is refused where he was sent does not go to a node that is held for somebody else', async (t) => {
  const { fleet, nodes, asked } = aFleet({ admission: () => ({ admitted: true, nodeId: 'full' }), held: ['held'] });
  nodes.add('full', 4000);
  nodes.run('full', 'x', asks(2900));
  nodes.add('held', 8000);
  t.like(await fleet.reserve(request('a'), never), { placed: false });
  t.deepEqual(asked, ['full reserve']);
  nodes.add('free', 16_000);
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('free'));
});

test('a server with a world goes to its node or waits, and one that was sent somewhere goes there', async (t) => {
  const { fleet, nodes } = aFleet();
  nodes.add('home', 4000);
  nodes.add('other', 16_000);
  nodes.run('home', 'x', asks(2900));
  t.like(await fleet.reserve(request('a', { only: 'home' }), never), { placed: false });
  t.deepEqual(await fleet.reserve(request('b', { wanted: 'other' }), never), placedOn('other'));
  t.deepEqual(await fleet.reserve(request('c', { avoid: ['other'], demand: asks(10) }), never), placedOn('home'));
});

test('what others are just asking for counts as taken', async (t) => {
  const { fleet, nodes } = aFleet();
  nodes.add('n1', 4000);
  nodes.add('n2', 4000);
  const both = await Promise.all(['a', 'b'].map((id) => fleet.reserve(request(id, { demand: asks(2000) }), never)));
  t.deepEqual(both.map((room) => room.placed && room.nodeId).sort(), ['n1', 'n2']);
});

test('what a node gives later than anybody waits for is given back', async (t) => {
  const { fleet, nodes, asked, picture } = aFleet({ answersLate: true });
  nodes.add('n1', 4000);
  await t.throwsAsync(fleet.reserve(request('a'), never), { message: 'It took too long.' });
  t.deepEqual(asked, ['n1 reserve', 'n1 withdraw']);
  t.is(picture.reservationOf('a'), undefined);
});

test('nobody passes the queue, but who has room already need not wait for it', async (t) => {
  const { fleet, nodes, asked } = aFleet({ admission: () => ({ admitted: false, reason: 'Others wait.' }) });
  nodes.add('n1', 16_000);
  nodes.add('n2', 4000);
  t.deepEqual(await fleet.reserve(request('a'), never), { placed: false, reason: 'Others wait.' });
  t.deepEqual(asked, []);
  nodes.run('n1', 'b', asks(1000));
  t.deepEqual(await fleet.reserve(request('b', { epoch: 2 }), never), placedOn('n1'), 'where it was');
  t.deepEqual(await fleet.reserve(request('b', { epoch: 3, avoid: ['n1'] }), never), placedOn('n2'));
});

test('an offer names the node that is asked first', async (t) => {
  const { fleet, nodes } = aFleet({ admission: () => ({ admitted: true, nodeId: 'large' }) });
  nodes.add('small', 4000);
  nodes.add('large', 16_000);
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('large'));
});

test('room that comes when nobody waits for it any more goes back', async (t) => {
  const { fleet, nodes, asked } = aFleet();
  const node = nodes.add('n1', 4000);
  const controller = new AbortController();
  const reserving = fleet.reserve(request('a'), controller.signal);
  controller.abort(new Error('the start was cancelled'));
  await t.throwsAsync(reserving, { message: 'the start was cancelled' });
  t.deepEqual(asked, ['n1 reserve', 'n1 withdraw']);
  t.deepEqual(node.context.reservations, {});
});

test('nodes that are cordoned, away, busy with starts, of another engine or for Baton itself take nobody', async (t) => {
  const { fleet, nodes } = aFleet({ startsMax: 1 });
  nodes.add('cordoned', 64_000).command('cordon');
  nodes.send('cordoned', { type: 'resize', ramMb: 64_001, cpus: 4 });
  nodes.add('system', 64_000, { system: true });
  nodes.add('local docker', 64_000, { engine: 'docker' });
  nodes.add('provisioned', 64_000, { kind: 'cloud' });
  nodes.add('busy', 64_000);
  nodes.send('busy', { type: 'reserve', requests: [{ serverId: 'x', epoch: 1, startMs: 1, ...asks(10) }] });
  t.deepEqual(await fleet.reserve(request('a'), never), {
    placed: false,
    reason: 'Each node that has room for it starts others now.',
    busy: true,
  });
  nodes.send('busy', { type: 'hold', serverId: 'x', epoch: 1, startMs: 1, ...asks(10) });
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('busy'));
});

test('real machines besides a simulated one take the servers that have no world yet', async (t) => {
  const { fleet, nodes } = aFleet();
  nodes.add('simulated', 64_000);
  t.deepEqual(await fleet.reserve(request('a'), never), placedOn('simulated'));
  const ssh = { hostname: 'n1', user: 'root', port: 22, dockerHost: null, root: null };
  const real = nodes.add('real', 0, { kind: 'dedicated', engine: 'docker', ssh });
  real.done('bootstrap', { hostKey: 'k', bootId: 'b', leaseEpoch: 0, ramMb: 64_000, cpus: 8 });
  real.done('readInventory', { bootId: 'b', containers: [], settlement: { keep: [], stop: [], quarantine: [] } });
  nodes.send('real', { type: 'resize', ramMb: 64_000, cpus: 16 });
  t.deepEqual(await fleet.reserve(request('b'), never), placedOn('real'));
  t.deepEqual(await fleet.reserve(request('c', { only: 'simulated' }), never), placedOn('simulated'));
});

test('a new server that fits nowhere now has its home where it will, and one that never will is told so', async (t) => {
  const { fleet, nodes } = aFleet();
  await t.throwsAsync(fleet.home(asks(1000), []), { code: 'no_nodes' } as object);
  nodes.add('small', 4000);
  nodes.add('large', 16_000);
  nodes.add('full', 16_000);
  t.is(await fleet.home(asks(1000), []), 'small');
  nodes.run('small', 'x', asks(2900));
  nodes.run('large', 'y', asks(9000));
  nodes.run('full', 'z', asks(13_000));
  t.is(await fleet.home(asks(8000), []), 'large', 'the one with the most room now');
  await t.throwsAsync(fleet.home(asks(20_000), []), {
    code: 'no_node_large_enough',
    message: /20000 MB.*The largest one, large, has 13600 MB/,
  } as object);
});

test('those who ask a node while it answers others are answered together, each as if alone', async (t) => {
  const { fleet, nodes, asked } = aFleet();
  nodes.add('n1', 4000);
  const all = ['a', 'b', 'c', 'a'].map((id) => fleet.reserve(request(id, { only: 'n1' }), never));
  t.deepEqual(
    (await Promise.all(all)).map(({ placed }) => placed),
    [true, true, false, true],
  );
  t.deepEqual(asked, ['n1 reserve']);
  const later = [fleet.reserve(request('e', { only: 'n1' }), never)];
  await Promise.resolve();
  later.push(...['f', 'g'].map((id) => fleet.reserve(request(id, { only: 'n1', demand: asks(10) }), never)));
  t.deepEqual(
    (await Promise.all(later)).map(({ placed }) => placed),
    [false, true, true],
  );
  t.deepEqual(asked, ['n1 reserve', 'n1 reserve', 'n1 reserve']);
});

test('the picture tells of room that was not there before, and of nothing else', (t) => {
  const { nodes, picture } = aFleet();
  const gained: boolean[] = [];
  (picture satisfies FleetPicture).onChange((has) => gained.push(has));
  nodes.add('n1', 4000);
  nodes.send('n1', { type: 'reserve', requests: [{ serverId: 'a', epoch: 1, startMs: 1, ...asks(1000) }] });
  nodes.send('n1', { type: 'hold', serverId: 'a', epoch: 1, startMs: 1, ...asks(1000) });
  nodes.send('n1', { type: 'release', serverId: 'a', epoch: 1 });
  nodes.send('n1', { type: 'release', serverId: 'a', epoch: 1 });
  nodes.send('n1', { type: 'resize', ramMb: 3000, cpus: 4 });
  nodes.send('n1', { type: 'resize', ramMb: 8000, cpus: 4 });
  t.deepEqual(gained, [true, false, false, true, false, false, true]);
});

test('a turn that is older than the last one known changes nothing', (t) => {
  const { nodes, picture } = aFleet();
  nodes.add('n1', 4000);
  const old = picture.node('n1');
  nodes.run('n1', 'a', asks(1000));
  picture.note('n1', 1, old ?? null);
  t.deepEqual(picture.reservationOf('a'), { nodeId: 'n1', epoch: 1 });
  picture.note('n1', 1_000, null);
  t.deepEqual([picture.nodes(), picture.reservationOf('a')], [[], undefined]);
});

test('whether there is no room, or only no turn yet, is told', async (t) => {
  const { fleet, nodes } = aFleet({ startsMax: 1 });
  nodes.add('n1', 4000);
  nodes.add('n2', 4000);
  nodes.send('n1', { type: 'reserve', requests: [{ serverId: 'x', epoch: 1, startMs: 1, ...asks(10) }] });
  t.deepEqual(await fleet.reserve(request('a', { avoid: ['n2'] }), never), {
    placed: false,
    reason: 'Each node that has room for it starts others now.',
    busy: true,
  });
  const large = await fleet.reserve(request('b', { avoid: ['n2'], demand: asks(3500) }), never);
  t.deepEqual(large, { placed: false, reason: 'No node has room for it now.' });
  nodes.send('n1', { type: 'hold', serverId: 'x', epoch: 1, startMs: 1, ...asks(10) });
  t.deepEqual(await fleet.reserve(request('a', { avoid: ['n2'] }), never), placedOn('n1'));
});
