import type { CommitResult, CommitStore, TurnCommit } from './store.ts';

/** Called once with what became of a turn. */
export type Committed = (
  result: CommitResult | { readonly ok: false; readonly reason: 'error'; error: unknown },
) => void;

export interface Committer {
  /** Hands a turn over. Turns are written in the order in which they were handed over. */
  commit(turn: TurnCommit, committed: Committed): void;
  /** Resolves when nothing is being written or waiting. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly turn: TurnCommit;
  readonly committed: Committed;
}

/**
 * Group commit. One transaction is under way at a time, so that event sequence numbers become visible in order; what is
 * handed over meanwhile shares the next one. The next transaction is started before the outcome of the last is told, so that
 * the database works while we compute.
 */
export function createCommitter(store: Pick<CommitStore, 'commit'>, maxBatch: number): Committer {
  let waiting: Waiting[] = [];
  let underway: Promise<void> | null = null;

  function take(): Waiting[] {
    if (waiting.length <= maxBatch) {
      const batch = waiting;
      waiting = [];
      return batch;
    }
    return waiting.splice(0, maxBatch);
  }

  async function run(): Promise<void> {
    let batch = take();
    let outcome = write(store, batch);
    while (batch.length > 0) {
      const results = await outcome;
      const told = batch;
      batch = take();
      if (batch.length > 0) outcome = write(store, batch);
      told.forEach(({ committed }, index) => {
        committed(results[index] ?? { ok: false, reason: 'error', error: new Error('The store gave no result.') });
      });
      if (batch.length === 0) {
        batch = take();
        if (batch.length > 0) outcome = write(store, batch);
      }
    }
    underway = null;
  }

  return {
    commit(turn, committed) {
      waiting.push({ turn, committed });
      underway ??= run();
    },
    async idle() {
      while (underway !== null) await underway;
    },
  };
}

type Outcome = Parameters<Committed>[0];

/** Never throws. A batch that fails for a reason of one of its turns is written turn by turn, so that only that one fails. */
async function write(store: Pick<CommitStore, 'commit'>, batch: readonly Waiting[]): Promise<readonly Outcome[]> {
  try {
    return await store.commit(batch.map(({ turn }) => turn));
  } catch (error) {
    if (batch.length === 1 || isUnavailable(error)) return batch.map(() => ({ ok: false, reason: 'error', error }));
    const results: Outcome[] = [];
    for (const one of batch) results.push(...(await write(store, [one])));
    return results;
  }
}

/** Whether the store did not answer, so that nothing is known about what was written. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'unavailable';
}
