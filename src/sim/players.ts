/** Plays many seeds at once, each in one of several threads. */
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { Piscina } from 'piscina';
import type { Hit, Play, Search } from './player.ts';
import type { RunResult } from './run.ts';

export interface Players {
  readonly threads: number;
  play(job: Play): Promise<RunResult>;
  search(job: Search): Promise<Hit | null>;
  close(): Promise<void>;
}

/** @param threads one a core unless said otherwise; they are started with the first job */
export function createPlayers(threads: number = availableParallelism()): Players {
  const pool = new Piscina({
    filename: new URL('./player.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  });
  // Piscina's own queue takes the newest job first; then the first row of a table would be the last one to be known.
  const inOrder = pLimit(threads);
  return {
    threads,
    play: (job) => inOrder(() => pool.run(job, { name: 'play' })),
    search: (job) => inOrder(() => pool.run(job, { name: 'search' })),
    close: () => pool.destroy(),
  };
}
