import test from 'ava';
import fc from 'fast-check';
import {
  createNodeMachine,
  type NodeContext,
  reservedMb,
  systemReserveMb,
  usableMb,
} from '../../src/machines/node/index.ts';
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

const reserve = (drive: Drive<NodeContext>, serverId: string, epoch: number, ramMb: number) => {
  drive.send({ type: 'reserve', serverId, epoch, ramMb, cpu: 1 });
  const [reply] = drive.verbs.filter((verb) => verb.type === 'reply');
  return reply?.params.value as { placed: boolean; reason?: string };
};
const release = (drive: Drive<NodeContext>, serverId: string, epoch: number) => {
  drive.send({ type: 'release', serverId, epoch });
  return drive.told().map(({ to, event }) => `${to} ${event.type}`);
};

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
  t.deepEqual(drive.context.reservations, { a: { epoch: 2, ramMb: 2900, cpu: 1 } });
});

test('a newer epoch that finds no room leaves the older one what it has', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 1000);
  t.false(reserve(drive, 'a', 2, 3900).placed);
  t.is(drive.context.reservations.a?.epoch, 1);
});

test('an older epoch is refused, and does not wait', (t) => {
  const drive = node();
  reserve(drive, 'a', 5, 1000);
  t.regex(reserve(drive, 'a', 4, 1000).reason ?? '', /is over/);
  t.is(drive.context.reservations.a?.epoch, 5);
  t.deepEqual(drive.context.waiting, []);
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
  t.deepEqual(release(drive, 'a', 1), []);
  t.is(reservedMb(drive.context), 1000);
  release(drive, 'a', 2);
  release(drive, 'a', 2);
  t.is(reservedMb(drive.context), 0);
});

test('who finds no room waits once, and the answer says why', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2500);
  t.is(reserve(drive, 'b', 1, 1000).reason, 'It needs 1000 MB, and local has 450 MB free.');
  reserve(drive, 'b', 2, 1200);
  t.deepEqual(drive.context.waiting, [{ serverId: 'b', ramMb: 1200 }]);
  t.is(reserve(drive, 'c', 1, 9000).reason, 'It needs 9000 MB, and local has 2950 MB even when it is empty.');
});

test('freed room is told to those that fit, in order, past one that does not, and to each once', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2900);
  for (const [id, ramMb] of [
    ['big', 3500],
    ['b', 2000],
    ['c', 2000],
    ['d', 900],
  ] as const)
    reserve(drive, id, 1, ramMb);
  t.deepEqual(release(drive, 'a', 1), ['server/b capacity.available', 'server/d capacity.available']);
  t.deepEqual(
    drive.context.waiting.map(({ serverId }) => serverId),
    ['big', 'c'],
  );
  t.true(reserve(drive, 'b', 2, 2000).placed);
});

test('one that was told and left the queue lets the next one in', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2900);
  reserve(drive, 'b', 1, 2000);
  reserve(drive, 'c', 1, 2000);
  t.deepEqual(release(drive, 'a', 1), ['server/b capacity.available']);
  t.deepEqual(release(drive, 'b', 1), ['server/c capacity.available']);
});

test('a forgotten server leaves nothing behind', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2900);
  reserve(drive, 'b', 1, 900);
  drive.send({ type: 'forget', serverId: 'a' });
  t.deepEqual(
    drive.told().map(({ to }) => to),
    ['server/b'],
  );
  t.deepEqual([drive.context.reservations, drive.context.released], [{}, {}]);
  t.false(reserve(drive, 'a', 9, 10).placed, 'a request that was under way while it was purged');
});

test('a machine that grew takes those that waited, and one that shrank throws nobody out', (t) => {
  const drive = node();
  reserve(drive, 'a', 1, 2900);
  reserve(drive, 'b', 1, 2000);
  drive.send({ type: 'resize', ramMb: 16000, cpus: 8 });
  t.deepEqual(
    drive.told().map(({ to }) => to),
    ['server/b'],
  );
  drive.send({ type: 'resize', ramMb: 2000, cpus: 8 });
  t.is(reservedMb(drive.context), 2900);
  t.false(drive.send({ type: 'resize', ramMb: 2000, cpus: 8 }), 'the same size is no turn');
  t.false(reserve(drive, 'c', 1, 1).placed);
});

test('whatever comes in whatever order, a node never gives out more than it has', (t) => {
  const serverId = fc.constantFrom('a', 'b', 'c', 'd');
  const epoch = fc.integer({ min: 1, max: 6 });
  const events = fc.oneof(
    fc.record({
      type: fc.constant('reserve'),
      serverId,
      epoch,
      ramMb: fc.integer({ min: 1, max: 3500 }),
      cpu: fc.constant(1),
    }),
    fc.record({ type: fc.constant('release'), serverId, epoch }),
    fc.record({ type: fc.constant('forget'), serverId }),
  );
  fc.assert(
    fc.property(fc.array(events, { maxLength: 40 }), (sequence) => {
      const drive = node();
      for (const event of sequence) {
        drive.send(event);
        const { context } = drive;
        const waiting = context.waiting.map((one) => one.serverId);
        if (reservedMb(context) > usableMb(context)) return false;
        if (context.reserveRamMb !== context.ramMb - usableMb(context)) return false;
        if (new Set(waiting).size !== waiting.length) return false;
        if (Object.entries(context.reservations).some(([id, held]) => held.epoch <= (context.released[id] ?? 0)))
          return false;
      }
      return true;
    }),
  );
  t.pass();
});
