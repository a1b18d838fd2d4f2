/** Which heartbeats matter: a commit for each would be a commit per node every two seconds, for nothing. */
import type { ShownContainer } from '../fleet/types.ts';
import type { NodeLimits } from './limits.ts';
import { isSamePressure, pressureAfter } from './pressure.ts';
import type { NodeKnown, Reading } from './types.ts';

/** Whether the actor has to hear of this reading: something that it decides on is different, or its lease was long ago. */
export const isNews = (known: NodeKnown, reading: Reading, at: number, limits: NodeLimits): boolean =>
  known.missed > 0 ||
  known.bootId !== reading.bootId ||
  known.lastLeaseAt === null ||
  at - known.lastLeaseAt >= limits.leaseNoteMs ||
  known.ramMb !== reading.ramMb ||
  known.cpus !== reading.cpus ||
  known.guarded !== reading.guarded ||
  !isSamePressure(known.pressure, pressureAfter(known.pressure, reading, limits)) ||
  !isSameInventory(known.shown, reading.containers);

/** What is known after it has heard of it. */
export const knownAfter = (known: NodeKnown, reading: Reading, at: number, limits: NodeLimits): NodeKnown => ({
  bootId: reading.bootId,
  pressure: pressureAfter(known.pressure, reading, limits),
  shown: reading.containers,
  ramMb: reading.ramMb,
  cpus: reading.cpus,
  missed: 0,
  guarded: reading.guarded,
  lastLeaseAt: at,
});

/** Whether two inventories show the same containers in the same states, in whatever order. */
export function isSameInventory(a: readonly ShownContainer[], b: readonly ShownContainer[]): boolean {
  if (a.length !== b.length) return false;
  const states = new Map(a.map(({ id, state, exitCode }) => [id, `${state} ${exitCode}`]));
  return b.every(({ id, state, exitCode }) => states.get(id) === `${state} ${exitCode}`);
}
