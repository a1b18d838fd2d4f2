import type { CommitStore } from '../../src/actors/store.ts';
import { errors } from '../../src/persistence/errors.ts';

export interface Weather {
  /** The share of calls that fail, from 0 to 1: half of them before anything is done, half after all of it is done. */
  share: number;
}

/** A store that does not answer now and then. What a call that fails has done, its caller cannot know. */
export function flaky(store: CommitStore, weather: Weather, random: () => number): CommitStore {
  const strike = (when: string): void => {
    if (random() < weather.share / 2) throw errors.unavailable({ reason: `a test, ${when}` });
  };
  const wrapped = Object.entries(store).map(([name, call]) => [
    name,
    async (...values: unknown[]) => {
      strike('before');
      const result = await (call as (...all: unknown[]) => Promise<unknown>)(...values);
      strike('after');
      return result;
    },
  ]);
  return Object.fromEntries(wrapped) as CommitStore;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
