import test from 'ava';
import fc from 'fast-check';
import { etaOf, grouped, type QueueEntry, ranked } from '../../src/machines/queue/index.ts';
import { entriesArbitrary, entry, MINUTE, NOW } from './queue-entries.ts';

const order = (entries: readonly QueueEntry[]): string[] => ranked(entries).map((one) => one.entry.serverId);

test('plans come in their order, owners take turns within one, and each owner is served first come, first served', (t) => {
  const entries = [
    entry('a1', { ownerId: 'a', queuedAt: 1 }),
    entry('a2', { ownerId: 'a', queuedAt: 2 }),
    entry('a3', { ownerId: 'a', queuedAt: 3 }),
    entry('b1', { ownerId: 'b', queuedAt: 4 }),
    entry('c1', { ownerId: 'c', queuedAt: 5, plan: 'reserved' }),
    entry('a4', { ownerId: 'a', queuedAt: 6, plan: 'balanced' }),
  ];
  t.deepEqual(order(entries), ['c1', 'a4', 'a1', 'b1', 'a2', 'a3']);
  t.deepEqual(
    grouped(ranked(entries)).map((group) => group.map(({ serverId }) => serverId)),
    [['c1'], ['a4'], ['a1', 'b1'], ['a2'], ['a3']],
  );
});

test('the order depends on the entries alone, and keeps to its rules for any of them', (t) => {
  fc.assert(
    fc.property(entriesArbitrary, fc.infiniteStream(fc.nat()), (entries, random) => {
      const shuffled = entries
        .map((one) => ({ one, key: random.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one);
      const all = ranked(entries);
      t.deepEqual(order(shuffled), order(entries));
      t.deepEqual(
        grouped(all).flat(),
        all.map((one) => one.entry),
      );
      for (const [at, { entry: later, round }] of all.entries()) {
        const before = all.slice(0, at);
        const own = before.filter(({ entry: one }) => one.ownerId === later.ownerId && one.plan === later.plan);
        t.is(own.length, round, 'its own servers before it are those of the rounds before');
        t.true(own.every(({ entry: one }) => one.queuedAt <= later.queuedAt));
        t.true(before.every((one) => one.entry.plan !== later.plan || one.round <= round));
      }
    }),
  );
});

test('an estimate is made of the last places that became free, and not without three of them', (t) => {
  const at = NOW + 10 * MINUTE;
  const every = (minutes: number[]) => ({ placedAt: minutes.map((minute) => at - minute * MINUTE) });
  t.is(etaOf(every([2, 1]), 1, at), null);
  t.is(etaOf(every([60, 50, 2, 1]), 1, at), null, 'what was long ago says nothing');
  t.is(etaOf(every([6, 4, 2]), 1, at), at + 2 * MINUTE);
  t.is(etaOf(every([6, 4, 2]), 5, at), at + 10 * MINUTE);
});
