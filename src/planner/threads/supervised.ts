import { Worker } from 'node:worker_threads';
import { type Remote, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { errors } from '../errors.ts';

/** The part of a clock that supervision needs; the runtime's has it. */
export interface Alarm {
  /** Calls `run` once after `delayMs`; the returned function prevents it. */
  schedule(delayMs: number, run: () => void): () => void;
}

export interface Supervision {
  readonly clock: Alarm;
  /** A thread that has not answered a question by then hangs. */
  readonly deadlineMs: number;
  /** How often one question is asked before whoever asked is told that it cannot be answered. */
  readonly attempts: number;
  /** Questions that may wait; more are refused. */
  readonly waitingMax: number;
  /** Told of each thread that had to be replaced, and why. */
  readonly report: (message: string, details: Record<string, unknown>) => void;
}

/** A thread that is called as if it were here, and started again when it dies or hangs. */
export interface Supervised<T> {
  /**
   * Asks the thread, after all who asked before. Throws what the question throws, or `planner_unavailable`,
   * `planner_overloaded`, `planner_closed`.
   */
  ask<A>(question: (remote: Remote<T>) => Promise<A>): Promise<A>;
  close(): Promise<void>;
}

interface Thread<T> {
  readonly worker: Worker;
  readonly remote: Remote<T>;
  /** Rejects when the thread is gone, for whatever reason. */
  readonly gone: Promise<never>;
}

/**
 * The thread is started with the first question. Questions are asked one at a time, so that it is clear which one a thread
 * died of: the others do not lose an attempt by it.
 */
export function createSupervised<T>(file: URL, supervision: Supervision): Supervised<T> {
  const { clock, deadlineMs, attempts, waitingMax, report } = supervision;
  let thread: Thread<T> | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  async function answer<A>(question: (remote: Remote<T>) => Promise<A>): Promise<A> {
    let cause: unknown;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      if (closed) throw errors.planner_closed();
      thread ??= start<T>(file);
      const { gone, remote } = thread;
      const { overdue, cancel } = deadline(clock, deadlineMs);
      const result = await Promise.race([outcome(question(remote)), lost(gone), lost(overdue)]);
      cancel();
      if (result.type === 'answer') return result.value;
      if (result.type === 'refusal') throw result.error;
      cause = result.cause;
      await stop();
      if (!closed) report('A thread of the planner is replaced.', { reason: String(cause) });
    }
    throw errors.planner_unavailable({ attempts }, { cause });
  }

  async function stop(): Promise<void> {
    const stopped = thread;
    thread = null;
    await stopped?.worker.terminate();
  }

  return {
    async ask(question) {
      if (closed) throw errors.planner_closed();
      if (waiting >= waitingMax) throw errors.planner_overloaded({ waiting });
      waiting += 1;
      const turn = last
        .then(() => answer(question))
        .finally(() => {
          waiting -= 1;
        });
      last = turn.catch(() => {});
      return turn;
    },
    async close() {
      closed = true;
      await stop();
      await last;
    },
  };
}

function start<T>(file: URL): Thread<T> {
  const worker = new Worker(file);
  const gone = new Promise<never>((_, reject) => {
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`The thread ended with code ${code}.`)));
  });
  // It may die between two questions, when nobody listens.
  gone.catch(() => {});
  return { worker, remote: wrap<T>(nodeEndpoint(worker)), gone };
}

type Outcome<A> =
  | { readonly type: 'answer'; readonly value: A }
  | { readonly type: 'refusal'; readonly error: unknown }
  | { readonly type: 'lost'; readonly cause: unknown };

/** What the thread itself throws is its answer, and another thread would say the same. */
const outcome = <A>(asked: Promise<A>): Promise<Outcome<A>> =>
  asked.then(
    (value) => ({ type: 'answer', value }),
    (error: unknown) => ({ type: 'refusal', error }),
  );

const lost = (never: Promise<never>): Promise<Outcome<never>> =>
  never.catch((cause: unknown) => ({ type: 'lost', cause }));

function deadline(clock: Alarm, deadlineMs: number): { overdue: Promise<never>; cancel: () => void } {
  let cancel = (): void => {};
  const overdue = new Promise<never>((_, reject) => {
    cancel = clock.schedule(deadlineMs, () => reject(new Error(`It did not answer within ${deadlineMs} ms.`)));
  });
  return { overdue, cancel };
}
