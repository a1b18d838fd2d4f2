import { graceOf, type Now, timeOf } from './context.ts';
import type { ServerLimits } from './limits.ts';
import type { ServerContext } from './types.ts';

const until = (dueAt: number | null, now: Now): number => Math.max(0, (dueAt ?? 0) - timeOf(now));

/** How long the game may boot, ms. */
const bootMs = ({ spec }: ServerContext): number => spec.bootSeconds * 1000;

/** When it may start elsewhere by itself: the grace is over, and the last attempt is a while ago. */
const failoverAt = ({ loss, spec }: ServerContext): number | null =>
  loss && Math.max(loss.since + spec.failoverGraceSeconds * 1000, loss.retryAt ?? 0);

/** Every delay of the server in ms, by the name that the timer has in the database and the visualizer. */
export const serverDelays = (limits: ServerLimits) => ({
  prepareDeadline: limits.prepareMs,
  placeDeadline: limits.placeMs,
  findDeadline: limits.findMs,
  failoverGrace: (now: Now) => until(failoverAt(now.context), now),
  newsDeadline: limits.newsMs,
  fetchDeadline: limits.fetchMs,
  /** What is made may have to wait until what is in its way has stopped. */
  createDeadline: ({ context }: Now) => graceOf(context) * 1000 + limits.createMs,
  bootDeadline: ({ context }: Now) => bootMs(context),
  announceDeadline: limits.announceMs,
  saveDeadline: limits.saveMs,
  /** Of one termination: the grace, SIGKILL, and looking. */
  exitDeadline: ({ context }: Now) => graceOf(context) * 1000 + limits.stopMarginMs,
  /** Of a whole stop: a termination, and the announcement before it. */
  stopDeadline: ({ context }: Now) => graceOf(context) * 1000 + limits.stopMarginMs + limits.announceMs,
  verifyDeadline: limits.verifyMs,
  removeDeadline: ({ context }: Now) => graceOf(context) * 1000 + limits.removeMs,
  purgeDeadline: limits.purgeMs,
  monitorRetry: limits.monitorRetryMs,
  sleepAfter: limits.sleepAfterMs,
  removeRetry: limits.removeRetryMs,
  /** Doubles with each crash that still counts. */
  crashBackoff: ({ context }: Now) => limits.crashBackoffMs * 2 ** Math.max(0, context.crashes.length - 1),
  nextAttempt: (now: Now) => until(now.context.nextAttemptAt, now),
  queueDeadline: (now: Now) => until((now.context.queuedAt ?? timeOf(now)) + limits.queueMs, now),
  retention: (now: Now) => until(now.context.purgeAt, now),
});
