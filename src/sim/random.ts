/**
 * Random numbers that are the same for the same seed, for ever: a seed stands in regression tests, so this sequence must
 * never change.
 */
export interface Random {
  /** At least 0, below 1. */
  next(): number;
  /** At least `from`, below `to`. */
  between(from: number, to: number): number;
  /** A whole number; both ends belong to it. */
  whole(from: number, to: number): number;
  chance(probability: number): boolean;
  /** Throws a `TypeError` for an empty list. */
  pick<T>(list: readonly T[]): T;
  /** How long until the next of things that happen every `meanMs` on average, independently of each other. */
  wait(meanMs: number): number;
  /** A stream of its own: what one part draws does not move what another one gets. */
  fork(name: string): Random;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by FNV-1a of seed and name. */
export function seededRandom(seed: number, name = ''): Random {
  let a = fnv(`${seed} ${name} a`);
  let b = fnv(`${seed} ${name} b`);
  let c = fnv(`${seed} ${name} c`);
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let n = 0; n < 12; n += 1) next();
  const between = (from: number, to: number) => from + (to - from) * next();
  return {
    next,
    between,
    whole: (from, to) => Math.floor(between(from, to + 1)),
    chance: (probability) => next() < probability,
    pick(list) {
      if (list.length === 0) throw new TypeError('There is nothing to pick from.');
      return list[Math.floor(next() * list.length)] as (typeof list)[number];
    },
    wait: (meanMs) => -Math.log(1 - next()) * meanMs,
    fork: (part) => seededRandom(seed, `${name}/${part}`),
  };
}

function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
