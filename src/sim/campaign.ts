/** Many seeds one after the other. What comes out is the same however many threads play them. */
import { pMapIterable } from 'p-map';
import type { Players } from './players.ts';
import type { RunResult } from './run.ts';

export interface Campaign {
  readonly first: number;
  readonly seeds: number;
  /** Names the defect that is planted, if any. */
  readonly defect?: string | undefined;
}

/** The runs in the order of their seeds. */
export function playAll(players: Players, { first, seeds, defect }: Campaign): AsyncIterable<RunResult> {
  const all = Array.from({ length: seeds }, (_, n) => first + n);
  return pMapIterable(all, (seed) => players.play({ seed, defect }), { concurrency: players.threads * AHEAD });
}

/** Jobs for a thread: while one run takes long, the others do not wait for its turn to be told. */
const AHEAD = 8;
