/** Servers that wait, for tests of the queue. */
import fc from 'fast-check';
import type { QueueEntry, Waiting } from '../../src/machines/queue/index.ts';

export const MINUTE = 60_000;
export const NOW = 1_000_000;

export const waiting = (serverId: string, more: Partial<Waiting> = {}): Waiting => ({
  serverId,
  ownerId: 'o1',
  name: serverId,
  plan: 'payperplay',
  demand: { ramMb: 1000, cpuMilli: 0, diskMb: 0, ports: 1 },
  only: null,
  avoid: [],
  queuedAt: NOW,
  givesUpAt: NOW + 10 * MINUTE,
  attempt: 0,
  nextAttemptAt: NOW + MINUTE,
  reason: 'full',
  ...more,
});

export const entry = (serverId: string, more: Partial<QueueEntry> = {}): QueueEntry => ({
  ...waiting(serverId),
  overtaken: 0,
  heldOn: null,
  offer: null,
  restsUntil: null,
  ...more,
});

export const ramMb = (mb: number) => ({ demand: { ramMb: mb, cpuMilli: 0, diskMb: 0, ports: 1 } });

/** Queues of a few owners; the times are those of their places, so that ties are common. */
export const entriesArbitrary: fc.Arbitrary<QueueEntry[]> = fc
  .array(
    fc.record({
      ownerId: fc.constantFrom('a', 'b', 'c'),
      plan: fc.constantFrom<QueueEntry['plan']>('reserved', 'balanced', 'payperplay'),
      queuedAt: fc.integer({ min: 0, max: 10 }).map((at) => NOW + at),
    }),
    { maxLength: 30 },
  )
  .map((all) => all.map((one, at) => entry(`s${at}`, one)));
