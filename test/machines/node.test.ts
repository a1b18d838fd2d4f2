import test from 'ava';
import fc from 'fast-check';
import {
  createNodeMachine,
  freeOn,
  heldOn,
  NODE_LIMITS,
  type NodeContext,
  sizeOf,
  startsOn,
} from '../../src/machines/node/index.ts';
import { fits, freeFor, RESOURCES, type Resources, systemReserveMb, usableRamMb } from '../../src/planner/fit.ts';
import { resourcesArbitrary } from '../planner/fleets.ts';
import { Drive } from './drive.ts';

const machine = createNodeMachine();
const node = (ramMb = 4000, more: object = {}) =>
  new Drive<NodeContext>(machine, {
    id: 'n1',
    name: 'local',
    kind: 'local',
    engine: 'docker',
    ramMb,
    cpus: 4,
    ...more,
  });

const asks = (ramMb: number, more: Partial<Resources> = {}): Resources => ({
  ramMb,
  cpuMilli: 0,
  diskMb: 0,
  ports: 1,
  ...more,
});

const START_MS = 1_800_000;

type Placed = { readonly placed: boolean; readonly reason?: string };

const reserveAll = (drive: Drive<NodeContext>, serverId: string, epoch: number, ask: Resources) => {
  drive.send({ type: 'reserve', requests: [{ serverId, epoch, startMs: START_MS, ...ask }] });
  const [reply] = drive.verbs.flatMap((verb) => (verb.type === 'reply' ? (verb.params.value as Placed[]) : []));
  return reply as Placed;
};
const hold = (drive: Drive<NodeContext>, serverId: string, epoch: number, ramMb = 1000) =>
  drive.send({ type: 'hold', serverId, epoch, ...asks(ramMb) });

/** A server that starts and runs at once, so that it keeps nobody else from starting. */
const reserve = (drive: Drive<NodeContext>, serverId: string, epoch: number, ramMb: number) => {
  const answer = reserveAll(drive, serverId, epoch, asks(ramMb));
  if (answer.placed) hold(drive, serverId, epoch, ramMb);
  return answer;
};
const release = (drive: Drive<NodeContext>, serverId: string, epoch: number) =>
  drive.send({ type: 'release', serverId, epoch });

const reservedMb = (context: NodeContext): number => heldOn(context).ramMb;

test('the reserve follows the rule of the fleet', (t) => {
  t.is(systemReserveMb(4096, 0), 1000);
  t.is(systemReserveMb(4096, 1), 1050);
  t.is(systemReserveMb(4096, 10), 1050);
  t.is(systemReserveMb(4096, 11), 1100);
  t.is(systemReserveMb(8191, 0), 1000, 'the last small one');
  t.is(systemReserveMb(8192, 100), 1229, '15 % whatever runs');
  t.is(systemReserveMb(65536, 0), 9831);
  t.is(systemReserveMb(1500, 0), 750, 'never above half');
});

test('the operation that made a node ends with its first turn', (t) => {
  t.deepEqual(node(4000, { operation: { id: 'o', command: 'create' } }).ended, [{ id: 'o', outcome: 'succeeded' }]);
  t.deepEqual(node().ended, []);
});

test('room is given once, and the answer is the same when it is asked for twice', (t) => {
  const drive = node();
  t.deepEqual(reserve(drive, 'a', 1, 2000), { placed: true });
  t.deepEqual(reserve(drive, 'a', 1, 2000), { placed: true });
  t.is(reservedMb(drive.context), 2000);
  t.is(drive.context.reserveRamMb, 1050);
});

test('a newer epoch takes the place of the older one', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2000);
  t.true(reserve(drive, 'a', 2, 2900).placed, 'its own old room counts as free');
  t.deepEqual(drive.context.reservations, { a: { epoch: 2, ...asks(2900), startsUntil: null, kept: true } });
});

test('a newer epoch that finds no room leaves the older one what it has', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 1000);
  t.false(reserve(drive, 'a', 2, 3900).placed);
  t.is(drive.context.reservations.a?.epoch, 1);
});

test('an older epoch is refused', (t) => {
  const drive = node();
  reserve(drive, 'a', 5, 1000);
  t.regex(reserve(drive, 'a', 4, 1000).reason ?? '', /is over/);
  t.is(drive.context.reservations.a?.epoch, 5);
});

test('a request that comes in after its own release gets nothing', (t) => {
  const drive = node();
  release(drive, 'a', 3);
  t.false(reserve(drive, 'a', 3, 1000).placed);
  t.deepEqual(drive.context.reservations, {});
  t.true(reserve(drive, 'a', 4, 1000).placed);
});

test('a late release of an older epoch frees nothing', (t) => {
  const drive = node();
  reserve(drive, 'a', 2, 1000);
  release(drive, 'a', 1);
  t.is(reservedMb(drive.context), 1000);
  release(drive, 'a', 2);
  release(drive, 'a', 2);
  t.is(reservedMb(drive.context), 0);
});

test('a start that comes to nothing gives back its room, and leaves that which the server held before', (t) => {
  const withdraw = (drive: ReturnType<typeof node>, epoch: number) =>
    drive.send({ type: 'withdraw', serverId: 'a', epoch });
  const fresh = node();
  reserveAll(fresh, 'a', 1, asks(1000));
  withdraw(fresh, 1);
  t.deepEqual(fresh.context.reservations, {});
  for (const heldFirst of [false, true]) {
    const drive = node();
    reserve(drive, 'a', 1, 1000);
    reserveAll(drive, 'a', 2, asks(2000));
    reserveAll(drive, 'a', 3, asks(2000));
    if (heldFirst) hold(drive, 'a', 3, 2000);
    withdraw(drive, 2);
    withdraw(drive, 3);
    t.like(drive.context.reservations.a, { epoch: 3, ramMb: 2000, startsUntil: null });
    release(drive, 'a', 3);
    t.deepEqual(drive.context.reservations, {});
  }
});

test('who finds no room hears what is lacking', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2500);
  t.is(reserve(drive, 'b', 1, 1000).reason, 'It needs 1000 MB of RAM, and local has 450 MB of RAM free.');
  t.regex(
    reserve(drive, 'c', 1, 9000).reason ?? '',
    /^It needs 9000 MB of RAM, and local has 2950 MB of RAM even when/,
  );
  t.regex(
    reserveAll(drive, 'd', 1, asks(10, { cpuMilli: 5000 })).reason ?? '',
    /^It needs 5 cores, and local has 4 cores/,
  );
});

test('a forgotten server leaves nothing behind', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2900);
  drive.send({ type: 'forget', serverId: 'a' });
  t.deepEqual([drive.context.reservations, drive.context.released], [{}, {}]);
  t.false(reserve(drive, 'a', 9, 10).placed, 'a request that was under way while it was purged');
  hold(drive, 'a', 9);
  t.deepEqual(drive.context.reservations, {}, 'nor does what it says of itself count');
});

test('a machine that shrank throws nobody out', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2900);
  drive.send({ type: 'resize', ramMb: 2000, cpus: 8 });
  t.is(reservedMb(drive.context), 2900);
  t.false(drive.send({ type: 'resize', ramMb: 2000, cpus: 8 }), 'the same size is no turn');
  t.false(reserve(drive, 'c', 1, 1).placed);
  t.true(drive.send({ type: 'resize', ramMb: 2000, cpus: 8, diskMb: 5000 }));
  t.is(sizeOf(drive.context).diskMb, 5000);
});

test('one server starts for each two cores, and the next when one of them runs or has failed', (t) => {
  const drive = node(64_000, { cpus: 4 });
  for (const id of ['a', 'b']) t.true(reserveAll(drive, id, 1, asks(1000)).placed);
  t.regex(reserveAll(drive, 'c', 1, asks(1000)).reason ?? '', /As many servers as may start on local/);
  hold(drive, 'a', 1);
  t.true(reserveAll(drive, 'c', 2, asks(1000)).placed);
  t.false(reserveAll(drive, 'd', 1, asks(1000)).placed);
  release(drive, 'b', 1);
  t.true(reserveAll(drive, 'd', 2, asks(1000)).placed);
});

test('all who have room when their machine has booted start one after the other, and keep their room meanwhile', (t) => {
  const drive = node(64_000, { cpus: 4 });
  for (const id of ['a', 'b', 'c']) reserve(drive, id, 1, 1000);
  for (const id of ['a', 'b']) t.true(reserveAll(drive, id, 2, asks(1000)).placed);
  t.like(reserveAll(drive, 'c', 2, asks(1000)), { placed: false, busy: true });
  t.like(drive.context.reservations.c, { epoch: 1, startsUntil: null });
  t.true(reserveAll(drive, 'a', 3, asks(1000)).placed, 'one that starts is not in its own way');
  hold(drive, 'b', 2);
  t.true(reserveAll(drive, 'c', 3, asks(1000)).placed);
  t.is(startsOn(drive.context), 2);
});

test('room of a start that neither succeeds nor fails goes back, and its server is told', (t) => {
  const drive = node(64_000, { cpus: 8 });
  const told = () => drive.told().map(({ to, event }) => [to, event.type, event.nodeId, event.epoch]);
  reserveAll(drive, 'a', 1, asks(1000));
  drive.now += 60_000;
  reserveAll(drive, 'b', 3, asks(1000));
  reserve(drive, 'c', 1, 1000);
  drive.ring('startDeadline');
  t.deepEqual(told(), [['server/a', 'reservation.expired', 'n1', 1]]);
  t.is(drive.dueIn('startDeadline'), 60_000);
  t.false(reserveAll(drive, 'a', 1, asks(1000)).placed, 'its epoch is over');
  drive.ring('startDeadline');
  t.deepEqual(told(), [['server/b', 'reservation.expired', 'n1', 3]]);
  t.deepEqual(drive.delays(), []);
  t.deepEqual(Object.keys(drive.context.reservations), ['c']);
});

test('a server that runs in the very moment in which its room is taken back has it again', (t) => {
  const drive = node(4000);
  reserveAll(drive, 'a', 1, asks(2000));
  drive.ring('startDeadline');
  reserve(drive, 'b', 1, 2900);
  hold(drive, 'a', 1, 2000);
  t.is(reservedMb(drive.context), 4900, 'what runs is written down, whether it fits or not');
  t.deepEqual(drive.delays(), []);
  release(drive, 'a', 1);
  t.is(reservedMb(drive.context), 2900);
});

test('what a server says of an epoch that is over changes nothing', (t) => {
  const drive = node();
  reserve(drive, 'a', 3, 1000);
  hold(drive, 'a', 2, 2000);
  t.like(drive.context.reservations.a, { epoch: 3, ramMb: 1000 });
  release(drive, 'a', 4);
  hold(drive, 'a', 3);
  t.deepEqual(drive.context.reservations, {});
});

const serverId = fc.constantFrom('a', 'b', 'c', 'd');
const epoch = fc.integer({ min: 1, max: 6 });
const about = { serverId, epoch };
const events = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(fc.record(about), resourcesArbitrary), { minLength: 1, maxLength: 3 })
      .map((all) => ({ type: 'reserve', requests: all.map(([of, ask]) => ({ ...of, startMs: START_MS, ...ask })) })),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('release'), ...about }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('running'), ...about }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget'), serverId }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait'), minutes: fc.integer({ min: 1, max: 20 }) }) },
);

test('whatever comes in whatever order, a node never gives out more than it has, nor keeps a start for ever', (t) => {
  fc.assert(
    fc.property(fc.array(events, { maxLength: 40 }), (sequence) => {
      const drive = node(9000, { cpus: 4, diskMb: 6000 });
      for (const event of sequence) {
        if ('minutes' in event) {
          const until = drive.now + event.minutes * 60_000;
          while ((drive.dueIn('startDeadline') ?? Number.POSITIVE_INFINITY) <= until - drive.now)
            drive.ring('startDeadline');
          drive.now = until;
        } else if (event.type !== 'running') {
          drive.send(event);
        } else if ('epoch' in event && drive.context.reservations[event.serverId]?.epoch === event.epoch) {
          hold(drive, event.serverId, event.epoch);
        }
        const { context } = drive;
        const [size, held] = [sizeOf(context), heldOn(context)];
        t.true(held.ramMb <= usableRamMb(size.ramMb, held.servers));
        t.true(RESOURCES.every((resource) => held[resource] <= size[resource]));
        t.is(context.reserveRamMb, systemReserveMb(size.ramMb, held.servers));
        for (const [id, { epoch: present, startsUntil }] of Object.entries(context.reservations)) {
          t.true(present > (context.released[id] ?? 0));
          t.true(startsUntil === null || startsUntil > drive.now);
        }
      }
    }),
  );
});

test('what the planner says fits is what the node gives, and nothing else', (t) => {
  const given = fc.array(resourcesArbitrary, { maxLength: 30 });
  const size = fc.record({
    ramMb: fc.integer({ min: 0, max: 40_000 }),
    cpus: fc.integer({ min: 0, max: 16 }),
    diskMb: fc.constantFrom(0, 50_000),
  });
  const machineOf = createNodeMachine({ ...NODE_LIMITS, startsMax: 1000 });
  fc.assert(
    fc.property(size, given, ({ ramMb, ...more }, wanted) => {
      const drive = new Drive<NodeContext>(machineOf, {
        id: 'n1',
        name: 'local',
        kind: 'local',
        engine: 'docker',
        ramMb,
        ...more,
      });
      for (const [at, ask] of wanted.entries()) {
        const { context } = drive;
        const planned = fits(freeFor(sizeOf(context), heldOn(context)), ask);
        t.is(reserveAll(drive, `s${at}`, 1, ask).placed, planned);
        t.deepEqual(freeOn(context), freeFor(sizeOf(context), heldOn(context)));
      }
    }),
  );
});
