/** How many machines are needed at the least: what a packing is measured against, so that "good" has a proof. */
import type { Instance } from './instance.ts';

/** The volume, rounded up, in the dimension that needs the most (Martello and Toth's L1). Never below half of the optimum. */
export const volumeBound = ({ capacity, items }: Instance): number =>
  Math.max(
    items.length > 0 ? 1 : 0,
    ...capacity.map((room, at) => Math.ceil(items.reduce((sum, size) => sum + (size[at] ?? 0), 0) / room)),
  );

/**
 * Martello and Toth's L2, in the dimension that needs the most: for each threshold, items too large to share a machine with
 * one at the threshold have one each, those above half have one each that small ones may fill up, and what is left over by
 * volume needs more. Never below two thirds of the optimum in one dimension.
 */
export const lowerBound = (instance: Instance): number =>
  Math.max(
    volumeBound(instance),
    ...instance.capacity.map((room, at) =>
      bestThreshold(
        instance.items.map((size) => size[at] ?? 0),
        room,
      ),
    ),
  );

function bestThreshold(sizes: readonly number[], room: number): number {
  const sorted = Float64Array.from(sizes).sort().reverse();
  const sums = new Float64Array(sorted.length + 1);
  for (const [at, size] of sorted.entries()) sums[at + 1] = (sums[at] ?? 0) + size;
  /** How many sizes are above the limit; they come first. */
  const above = (limit: number): number => firstAt(sorted, limit);
  const halves = above(room / 2);
  const thresholds = new Set([0, ...sizes.filter((size) => size <= room / 2)]);
  let best = 0;
  for (const threshold of thresholds) {
    const alone = above(room - threshold);
    const small = above(threshold - 1) - halves;
    const volumeOfSmall = (sums[halves + small] ?? 0) - (sums[halves] ?? 0);
    const leftByLarge = (halves - alone) * room - ((sums[halves] ?? 0) - (sums[alone] ?? 0));
    best = Math.max(best, halves + Math.max(0, Math.ceil((volumeOfSmall - leftByLarge) / room)));
  }
  return best;
}

/** The first place in falling sizes whose size is not above the limit. */
function firstAt(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) > limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
