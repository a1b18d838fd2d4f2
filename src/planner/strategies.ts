/**
 * In which order a strategy looks at nodes: by a key, lowest first, then by age of the node. Data and dedicated machines come
 * before it (fleet.md, "Placement").
 *
 * | strategy | key | so it prefers |
 * | --- | --- | --- |
 * | `best_fit` | what is free, weighed | the fullest node on which there is room, so that whole nodes stay empty |
 * | `worst_fit` | RAM that is not free | the node with the most room |
 * | `spread` | share of usable RAM that is given out | the least used node, whatever its size |
 * | `round_robin` | none | the next node after the one that was last given a server |
 */
import { type Held, PLENTY, RESOURCES, type Resources, usableRamMb } from './fit.ts';
import type { Strategy } from './limits.ts';

export { STRATEGIES, type Strategy } from './limits.ts';

const MILLION = 1_000_000;

/** How much a unit of each resource counts where several are added up; none below 0. */
export type Weights = Resources;

/** RAM is what runs out first where game servers run. */
export const RAM_ONLY: Weights = { ramMb: 1, cpuMilli: 0, diskMb: 0, ports: 0 };

/**
 * Resources as one whole number. What fits never weighs more than what it fits in, so the least that is free and fits is the
 * first that fits from the ask's weight on.
 */
export const weighed = (resources: Resources, weights: Weights): number =>
  Math.min(
    PLENTY,
    Math.floor(
      resources.ramMb * weights.ramMb +
        resources.cpuMilli * weights.cpuMilli +
        resources.diskMb * weights.diskMb +
        resources.ports * weights.ports,
    ),
  );

/**
 * Weights by scarcity, as vector packing wants them: a share of an average machine counts as much as the share of the whole
 * fleet that is wanted. What nobody wants counts nothing; where nothing is wanted, RAM does.
 *
 * @param sizes the sum of what the nodes have
 * @param wanted the sum of what servers hold and ask for
 */
export function weightsFor(sizes: Resources, wanted: Resources, nodes: number): Weights {
  const weights = { ...RAM_ONLY, ramMb: 0 };
  const share = (resource: keyof Resources): number => (sizes[resource] > 0 ? wanted[resource] / sizes[resource] : 0);
  const all = RESOURCES.reduce((sum, resource) => sum + share(resource), 0);
  if (all === 0) return RAM_ONLY;
  for (const resource of RESOURCES) {
    if (sizes[resource] > 0) weights[resource] = ((share(resource) / all) * MILLION * nodes) / sizes[resource];
  }
  return weights;
}

/** What a key may depend on. */
export interface Standing {
  readonly size: Resources;
  readonly held: Held;
  readonly free: Resources;
}

/** A whole number from 0 to 2^31; the lower, the better. */
export function keyOf(strategy: Strategy, { size, held, free }: Standing, weights: Weights): number {
  switch (strategy) {
    case 'best_fit':
      return weighed(free, weights);
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
