import type { CommitResult, CommitStore, TurnCommit } from './store.ts';
import type { Underway } from './underway.ts';

type Outcome = CommitResult | { readonly ok: false; readonly reason: 'error'; readonly error: unknown };

/** Called once with what became of a turn. Must not throw. */
export type Committed = (result: Outcome) => void;

export interface Committer {
  /** Hands a turn over. Turns are written in the order in which they were handed over. */
  commit(turn: TurnCommit, committed: Committed): void;
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
export function createCommitter(store: Pick<CommitStore, 'commit'>, maxBatch: number, underway: Underway): Committer {
  let waiting: Waiting[] = [];
  let running = false;

  function take(): Waiting[] {
    if (waiting.length > maxBatch) return waiting.splice(0, maxBatch);
    const batch = waiting;
    waiting = [];
    return batch;
  }

  async function run(): Promise<void> {
    let batch = take();
    let writing = write(store, batch);
    while (batch.length > 0) {
      const outcomes = await writing;
      const told = batch;
      batch = take();
      if (batch.length > 0) writing = write(store, batch);
      for (const [index, { committed }] of told.entries()) committed(outcomes[index] ?? NO_RESULT);
      if (batch.length > 0) continue;
      batch = take();
      if (batch.length > 0) writing = write(store, batch);
    }
    running = false;
  }

  return {
    commit(turn, committed) {
      waiting.push({ turn, committed });
      if (running) return;
      running = true;
      underway.track(run());
    },
  };
}

const NO_RESULT: Outcome = { ok: false, reason: 'error', error: new TypeError('The store gave no result for a turn.') };

/** Never throws. A batch that fails for a reason of one of its turns is halved until only that one fails. */
async function write(store: Pick<CommitStore, 'commit'>, batch: readonly Waiting[]): Promise<readonly Outcome[]> {
  try {
    return await store.commit(batch.map(({ turn }) => turn));
  } catch (error) {
    if (batch.length === 1 || isUnavailable(error)) return batch.map(() => ({ ok: false, reason: 'error', error }));
    const half = batch.length >> 1;
    const first = await write(store, batch.slice(0, half));
    return [...first, ...(await write(store, batch.slice(half)))];
  }
}

/** Whether the store did not answer, so that nothing is known about what was written. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'unavailable';
}
