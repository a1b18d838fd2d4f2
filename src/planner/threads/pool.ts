import { Piscina } from 'piscina';
import { errors } from '../errors.ts';
import type { Supervision } from './supervised.ts';

/** Threads for jobs that need nothing but what they are given. */
export interface Pool<J, A> {
  /** Throws `planner_unavailable`, `planner_overloaded` or `planner_closed`. */
  run(job: J): Promise<A>;
  close(): Promise<void>;
}

/**
 * Piscina starts a thread again that ended, and ends one whose job is aborted; what is ours is the deadline and asking again.
 * The threads are started with the first job.
 *
 * @param file exports a function as its default.
 */
export function createPool<J, A>(file: URL, threads: number, supervision: Supervision): Pool<J, A> {
  const { clock, deadlineMs, attempts, waitingMax, report } = supervision;
  let piscina: Piscina<J, A> | null = null;
  let underway = 0;
  let closed = false;

  const start = (): Piscina<J, A> =>
    new Piscina({
      filename: file.href,
      minThreads: threads,
      maxThreads: threads,
      idleTimeout: Number.POSITIVE_INFINITY,
    });

  /** Each job before it may take its time as well: a job that waits is not one that hangs. */
  async function attempt(pool: Piscina<J, A>, job: J): Promise<A> {
    const turns = Math.ceil(underway / threads);
    const controller = new AbortController();
    const cancel = clock.schedule(deadlineMs * turns, () => controller.abort());
    try {
      return await pool.run(job, { signal: controller.signal });
    } finally {
      cancel();
    }
  }

  async function run(job: J): Promise<A> {
    let cause: unknown;
    for (let tried = 0; tried < attempts; tried += 1) {
      if (closed) throw errors.planner_closed();
      piscina ??= start();
      try {
        return await attempt(piscina, job);
      } catch (error) {
        cause = error;
        if (!closed) report('A thread of the planner is replaced.', { reason: String(error) });
      }
    }
    throw closed ? errors.planner_closed() : errors.planner_unavailable({ attempts }, { cause });
  }

  return {
    async run(job) {
      if (closed) throw errors.planner_closed();
      if (underway >= waitingMax) throw errors.planner_overloaded({ waiting: underway });
      underway += 1;
      return run(job).finally(() => {
        underway -= 1;
      });
    },
    async close() {
      closed = true;
      await piscina?.destroy();
    },
  };
}
