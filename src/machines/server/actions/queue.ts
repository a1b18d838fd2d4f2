/** The bookkeeping of a server that waits for room: fleet.md, "Queue". */
import { isDone, type Now, timeOf } from '../context.ts';
import type { ServerLimits } from '../limits.ts';
import type { ServerContext } from '../types.ts';
import { act } from './act.ts';

const NOT_QUEUED: Partial<ServerContext> = { queuedAt: null, attempt: 0, nextAttemptAt: null };

/**
 * The attempts that count after the one that has just ended without room. The very first attempt does not count (the server
 * was not queued then), nor does one on the news of freed room that found none; while such a one runs, the next timed
 * attempt is still due.
 */
function attemptsAfter(now: Now): number {
  const { queuedAt, attempt } = now.context;
  return queuedAt === null || wasExtra(now) ? attempt : attempt + 1;
}

const wasExtra = (now: Now): boolean => now.context.nextAttemptAt !== null && isDone(now, 'place');

/** Whether a server that found no room again has had its attempts or its time. */
export function isExhausted(now: Now, limits: ServerLimits): boolean {
  const { queuedAt } = now.context;
  if (queuedAt === null) return false;
  return attemptsAfter(now) >= limits.queueAttempts || timeOf(now) - queuedAt >= limits.queueMs;
}

export const queueActions = (limits: ServerLimits) => ({
  /** Waits, or waits on. */
  enqueue: act((now) => {
    const at = timeOf(now);
    const attempt = attemptsAfter(now);
    const wait = limits.queueBackoffMs[attempt] ?? limits.queueBackoffMs.at(-1) ?? 0;
    const { queuedAt, nextAttemptAt } = now.context;
    return {
      set: {
        queuedAt: queuedAt ?? at,
        attempt,
        nextAttemptAt: queuedAt !== null && wasExtra(now) ? nextAttemptAt : at + wait,
      },
    };
  }),
  /** The timed attempt begins. */
  takeTurn: act(() => ({ set: { nextAttemptAt: null } })),
  clearQueue: act(() => ({ set: NOT_QUEUED })),
});
