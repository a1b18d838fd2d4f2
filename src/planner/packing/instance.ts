/** Bin packing: items into as few equal machines as possible. One dimension is RAM; several are RAM, CPU, disk together. */

/** An item's or a machine's size, a whole number a dimension; all of an instance have as many dimensions. */
export type Size = readonly number[];

export interface Instance {
  readonly capacity: Size;
  readonly items: readonly Size[];
  /** The fewest machines that suffice, where the instance was made so that it is known. */
  readonly optimum: number | null;
}

/** Items by their places in the instance, machine by machine. */
export type Packing = readonly (readonly number[])[];

export const sizeOf = ({ items }: Instance, item: number): Size => items[item] ?? [];

export const fitsIn = (free: Size, size: Size): boolean => size.every((amount, at) => amount <= (free[at] ?? 0));

export const less = (free: Size, size: Size): Size => free.map((amount, at) => amount - (size[at] ?? 0));

/** At least 0 and below 1; the caller brings the seed. */
export type Random = () => number;

const between = (random: Random, low: number, high: number): number => low + Math.floor(random() * (high - low + 1));

/**
 * Falkenauer's triplets: every machine of the only optimum holds three items that fill it to the last unit, so that a single
 * mistake costs a machine. Items are a quarter to a half of the machine's 1000.
 */
export function triplets(machines: number, random: Random): Instance {
  const capacity = 1000;
  const items: Size[] = [];
  for (let machine = 0; machine < machines; machine += 1) {
    const first = between(random, 380, 490);
    const rest = capacity - first;
    const second = between(random, 250, Math.floor(rest / 2) - 1);
    items.push([first], [second], [rest - second]);
  }
  return { capacity: [capacity], items: shuffled(items, random), optimum: machines };
}

/** Falkenauer's uniform class: sizes 20 to 100 into 150. The optimum is not known. */
export const uniform = (items: number, random: Random): Instance => ({
  capacity: [150],
  items: Array.from({ length: items }, () => [between(random, 20, 100)]),
  optimum: null,
});

/**
 * Full machines cut into items at random in each dimension, so that the volume proves the optimum. Items are unlike each
 * other across dimensions: some want RAM, some CPU, as servers do.
 */
export function cutMachines(machines: number, dimensions: number, random: Random): Instance {
  const capacity = Array.from({ length: dimensions }, () => 1000);
  const items: Size[] = [];
  for (let machine = 0; machine < machines; machine += 1) {
    const pieces = between(random, 3, 8);
    const cuts = capacity.map((amount) => cut(amount, pieces, random));
    for (let piece = 0; piece < pieces; piece += 1) items.push(cuts.map((sizes) => sizes[piece] ?? 0));
  }
  return { capacity, items: shuffled(items, random), optimum: machines };
}

/** Whole parts, none of them 0, that sum up to the amount. */
function cut(amount: number, parts: number, random: Random): number[] {
  const marks = new Set<number>();
  while (marks.size < parts - 1) marks.add(between(random, 1, amount - 1));
  const ends = [...marks].sort((a, b) => a - b);
  return [...ends, amount].map((end, at) => end - (ends[at - 1] ?? 0));
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const drawn: T[] = [];
  while (left.length > 0) drawn.push(...left.splice(between(random, 0, left.length - 1), 1));
  return drawn;
}
