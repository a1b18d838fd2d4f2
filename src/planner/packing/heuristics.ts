/**
 * Ways to pack. First and best fit take the items as they come, or falling; the last two fill one machine after the other with
 * whatever suits the room that is left, which is better where items differ across dimensions (Panigrahy, Talwar, Uyeda,
 * Wieder: "Heuristics for Vector Bin Packing").
 */
import { errors } from '../errors.ts';
import { fitsIn, type Instance, less, type Packing, type Size, sizeOf } from './instance.ts';

/** Throws `item_too_large` if an item does not fit an empty machine. */
export type Heuristic = (instance: Instance) => Packing;

function checkItems({ capacity, items }: Instance): void {
  const tooLarge = items.findIndex((size) => !fitsIn(capacity, size));
  if (tooLarge >= 0) throw errors.item_too_large({ item: tooLarge });
}

/** Each dimension's weight: how much of a machine an average item wants of it, so that what is scarce counts. */
function weights({ capacity, items }: Instance): Size {
  return capacity.map((room, at) => items.reduce((sum, size) => sum + (size[at] ?? 0), 0) / (items.length || 1) / room);
}

/** A share of the machine, each dimension by its weight. */
const weightOf = (size: Size, capacity: Size, weight: Size): number =>
  size.reduce((sum, amount, at) => sum + ((weight[at] ?? 0) * amount) / (capacity[at] ?? 1), 0);

/** The items' places, the heaviest first. */
function falling(instance: Instance): number[] {
  const weight = weights(instance);
  const heavy = instance.items.map((size) => weightOf(size, instance.capacity, weight));
  return [...instance.items.keys()].sort((a, b) => (heavy[b] ?? 0) - (heavy[a] ?? 0) || a - b);
}

/** Packs items in an order, each on the open machine that `choose` prefers (the lowest wins, then the oldest), or a new one. */
function inOrder(instance: Instance, order: readonly number[], choose: (left: Size) => number): Packing {
  checkItems(instance);
  const machines: { free: Size; readonly items: number[] }[] = [];
  for (const item of order) {
    const size = sizeOf(instance, item);
    let best: (typeof machines)[number] | undefined;
    let bestScore = Number.POSITIVE_INFINITY;
    for (const machine of machines) {
      if (!fitsIn(machine.free, size)) continue;
      const score = choose(less(machine.free, size));
      if (score < bestScore) [best, bestScore] = [machine, score];
    }
    if (best === undefined) machines.push({ free: less(instance.capacity, size), items: [item] });
    else {
      best.free = less(best.free, size);
      best.items.push(item);
    }
  }
  return machines.map(({ items }) => items);
}

const first = (): number => 0;

const least = (instance: Instance): ((left: Size) => number) => {
  const weight = weights(instance);
  return (left) => weightOf(left, instance.capacity, weight);
};

const asTheyCome = ({ items }: Instance): number[] => [...items.keys()];

export const firstFit: Heuristic = (instance) => inOrder(instance, asTheyCome(instance), first);
export const bestFit: Heuristic = (instance) => inOrder(instance, asTheyCome(instance), least(instance));

/** In one dimension never more than 11/9 of the optimum and 6/9 (Dósa). */
export const firstFitDecreasing: Heuristic = (instance) => inOrder(instance, falling(instance), first);
export const bestFitDecreasing: Heuristic = (instance) => inOrder(instance, falling(instance), least(instance));

/** Fills one machine after the other, each time with the fitting item of the highest score; ties go to the heavier one. */
function machineByMachine(instance: Instance, score: (size: Size, free: Size) => number): Packing {
  checkItems(instance);
  const left = falling(instance);
  const packing: number[][] = [];
  while (left.length > 0) {
    const machine: number[] = [];
    for (let free = instance.capacity; ; ) {
      let [best, bestScore] = [-1, Number.NEGATIVE_INFINITY];
      for (const [at, item] of left.entries()) {
        const size = sizeOf(instance, item);
        const own = fitsIn(free, size) ? score(size, free) : Number.NEGATIVE_INFINITY;
        if (own > bestScore) [best, bestScore] = [at, own];
      }
      const [item] = best < 0 ? [] : left.splice(best, 1);
      if (item === undefined) break;
      machine.push(item);
      free = less(free, sizeOf(instance, item));
    }
    packing.push(machine);
  }
  return packing;
}

/** The item that points most the way that the free room does. */
export const dotProduct: Heuristic = (instance) => {
  const weight = weights(instance);
  return machineByMachine(instance, (size, free) =>
    size.reduce(
      (sum, amount, at) => sum + share(instance, amount, at) * share(instance, free[at] ?? 0, at) * (weight[at] ?? 0),
      0,
    ),
  );
};

/** The item that leaves the shortest rest. */
export const shortestRest: Heuristic = (instance) => {
  const weight = weights(instance);
  return machineByMachine(
    instance,
    (size, free) =>
      -size.reduce(
        (sum, amount, at) => sum + (weight[at] ?? 0) * share(instance, (free[at] ?? 0) - amount, at) ** 2,
        0,
      ),
  );
};

const share = ({ capacity }: Instance, amount: number, at: number): number => amount / (capacity[at] ?? 1);
