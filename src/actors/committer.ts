import type { Ports } from './ports.ts';
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

export interface CommitterParts {
  readonly store: Pick<CommitStore, 'commit'>;
  readonly ports: Pick<Ports, 'yield' | 'clock'>;
  /** Turns that share one transaction at most. */
  readonly maxBatch: number;
  readonly underway: Underway;
}

/** Whoever is told an outcome computes what follows from it. After so long others have their turn: sockets, timers, pages. */
const TELLING_MS = 4;

/** So many turns share a transaction without being halved: below it, a transaction costs more than its turns. */
const WHOLE_BATCH = 16;

/**
 * Group commit. One transaction is under way at a time, so that event sequence numbers become visible in order; what is
 * handed over meanwhile shares the next one. The next transaction is on its way before the outcome of the last is told,
 * so that the database works while we compute. For the same reason many turns go in two halves: callers who ask again as
 * soon as they are answered would otherwise all wait for the database together, and then the database for them.
 */
export function createCommitter({ store, ports, maxBatch, underway }: CommitterParts): Committer {
  const waiting: Waiting[] = [];
  let running = false;

  /** @param told turns whose outcome is about to be told, and that are likely to be followed by as many */
  const take = (told: number): Waiting[] =>
    waiting.splice(0, Math.min(maxBatch, Math.max(WHOLE_BATCH, Math.ceil((waiting.length + told) / 2))));

  async function tell(told: readonly Waiting[], outcomes: readonly Outcome[]): Promise<void> {
    let since = ports.clock.monotonic();
    for (const [index, { committed }] of told.entries()) {
      committed(outcomes[index] ?? NO_RESULT);
      if (ports.clock.monotonic() - since < TELLING_MS) continue;
      await ports.yield();
      since = ports.clock.monotonic();
    }
  }

  async function run(): Promise<void> {
    let told: readonly Waiting[] = [];
    let outcomes: readonly Outcome[] = [];
    // What is handed over in the same moment shares the first transaction.
    await ports.yield();
    while (waiting.length + told.length > 0) {
      const batch = take(told.length);
      const writing = write(store, batch);
      if (batch.length > 0) await ports.yield();
      await tell(told, outcomes);
      // Whoever was told may have gone on.
      if (batch.length === 0) await ports.yield();
      outcomes = await writing;
      told = batch;
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
  if (batch.length === 0) return [];
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
