/**
 * In which order a strategy looks at nodes: by a key, lowest first, then by age of the node. Data and dedicated machines come
 * before it (fleet.md, "Placement").
 *
 * | strategy | key | so it prefers |
 * | --- | --- | --- |
 * | `best_fit` | RAM that is free | the fullest node on which there is room, so that whole nodes stay empty |
 * | `worst_fit` | RAM that is not free | the node with the most room |
 * | `spread` | share of usable RAM that is given out | the least used node, whatever its size |
 * | `round_robin` | none | the next node after the one that was last given a server |
 */
import { type Held, PLENTY, type Resources, usableRamMb } from './fit.ts';

export const STRATEGIES = ['best_fit', 'spread', 'worst_fit', 'round_robin'] as const;
export type Strategy = (typeof STRATEGIES)[number];

const MILLION = 1_000_000;

/** What a key may depend on. */
export interface Standing {
  readonly size: Resources;
  readonly held: Held;
  readonly free: Resources;
}

/** A whole number from 0 to 2^31; the lower, the better. */
export function keyOf(strategy: Strategy, { size, held, free }: Standing): number {
  switch (strategy) {
    case 'best_fit':
      return free.ramMb;
    case 'worst_fit':
      return PLENTY - free.ramMb;
    case 'spread':
      return usedPpm(size, held);
    case 'round_robin':
      return 0;
  }
}

/** Millionths of the usable RAM that are given out; more than a million after a machine shrank. */
function usedPpm(size: Resources, held: Held): number {
  const usable = usableRamMb(size.ramMb, held.servers + 1);
  return usable <= 0 ? PLENTY : Math.min(PLENTY, Math.floor((held.ramMb * MILLION) / usable));
}
