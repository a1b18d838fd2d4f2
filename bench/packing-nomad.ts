/**
 * Nomad's way of placing, as a baseline: shuffle the machines, stop at the first max(2, ceil(log2 N)) that have room, take
 * the best of those by "BestFit v3", the sum of 10^(free share) over the resources (`scheduler/feasible/stack.go` and
 * `nomad/structs/funcs.go`). Its fleet has a size, so what is measured is the smallest fleet that takes everything, which is
 * Borg's "cell compaction".
 */

import type { Instance, Random } from '../src/planner/packing/index.ts';
import { fitsIn, less, type Size } from '../src/planner/packing/instance.ts';

/** The smallest fleet, from so many machines on, that takes all items as they come. */
export function nomadMachines(instance: Instance, atLeast: number, random: Random): number {
  let machines = atLeast;
  while (!takesAll(instance, machines, random)) machines += 1;
  return machines;
}

function takesAll({ capacity, items }: Instance, machines: number, random: Random): boolean {
  const free: Size[] = Array.from({ length: machines }, () => capacity);
  const limit = Math.max(2, Math.ceil(Math.log2(machines)));
  for (const size of items) {
    const chosen = sample(free, size, limit, capacity, random);
    if (chosen < 0) return false;
    free[chosen] = less(free[chosen] ?? [], size);
  }
  return true;
}

/** The best of the first few with room, in an order that is drawn as far as it is needed; -1 if there are none. */
function sample(free: readonly Size[], size: Size, limit: number, capacity: Size, random: Random): number {
  const order = [...free.keys()];
  let [best, bestScore, found] = [-1, Number.POSITIVE_INFINITY, 0];
  for (let at = 0; at < order.length && found < limit; at += 1) {
    const drawn = at + Math.floor(random() * (order.length - at));
    [order[at], order[drawn]] = [order[drawn] ?? 0, order[at] ?? 0];
    const machine = order[at] ?? 0;
    const room = free[machine] ?? [];
    if (!fitsIn(room, size)) continue;
    found += 1;
    const score = less(room, size).reduce((sum, left, dimension) => sum + 10 ** (left / (capacity[dimension] ?? 1)), 0);
    if (score < bestScore) [best, bestScore] = [machine, score];
  }
  return best;
}
