/** Numbers that a seed decides, so that a run can be had again. */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** A whole number; both ends belong to it. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  /** Throws a `RangeError` on an empty list. */
  pick<T>(list: readonly T[]): T;
  /** Another stream, so that what one reader takes does not change what the other gets. */
  fork(): Random;
}

/** Mulberry32 (public domain): small, fast, and good enough to choose commands with. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    int: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability) => next() < probability,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new RangeError('There is nothing to choose from.');
      return list[Math.floor(next() * list.length)] as T;
    },
    fork: () => seeded(Math.floor(next() * 2 ** 32)),
  };
}
