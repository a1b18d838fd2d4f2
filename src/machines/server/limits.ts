import type { ServerSpec } from './types.ts';

/** The deadlines and counts of the server's statechart. Deadlines are in milliseconds. */
export interface ServerLimits {
  readonly prepareMs: number;
  readonly placeMs: number;
  /** For looking where a server's data lies that shall start elsewhere. */
  readonly findMs: number;
  /** Until a failover by itself that was in vain is tried again. */
  readonly failoverRetryMs: number;
  /** The same while the nodes that have room start others: one start takes seconds. */
  readonly failoverTurnMs: number;
  /** The image, and later also data that lies elsewhere. */
  readonly fetchMs: number;
  /**
   * How long a server whose node did not answer a step waits for the node to be lost, or to answer. More than a node takes to
   * miss its heartbeats: until then nobody knows whether it was a moment's silence.
   */
  readonly newsMs: number;
  readonly createMs: number;
  readonly announceMs: number;
  readonly saveMs: number;
  /** Beyond the grace that the game is given: SIGKILL, and looking whether it is gone. */
  readonly stopMarginMs: number;
  readonly verifyMs: number;
  /** For removing a container. */
  readonly removeMs: number;
  readonly purgeMs: number;
  /** Waits before the timed attempts of a queued server; the last one repeats. */
  readonly queueBackoffMs: readonly number[];
  /** Timed attempts before a queued server gives up. An attempt on the news of freed room does not count. */
  readonly queueAttempts: number;
  /** Since it was first queued. */
  readonly queueMs: number;
  /** The first wait before a crashed server starts again; each further crash doubles it. */
  readonly crashBackoffMs: number;
  readonly crashWindowMs: number;
  /** This many crashes within the window are a crash loop. */
  readonly crashLimit: number;
  /** Failed probes in a row that make a running server `unresponsive`. */
  readonly probeStreak: number;
  /** How often an unresponsive server's monitor is started anew, in case it was the monitor that died. */
  readonly monitorRetryMs: number;
  /** An exit that was seen this shortly before its container was gone belongs to that removal. */
  readonly removalWindowMs: number;
  readonly sleepAfterMs: number;
  /** From the soft delete until the purge. */
  readonly retentionMs: number;
  /** How often removing a deleted server's container is tried again. */
  readonly removeRetryMs: number;
  /** How long after a purge that failed the next one begins by itself. */
  readonly purgeRetryMs: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * How long a start may take from the moment it has room: the time of each of its steps, and that of undoing it, until which the
 * container is there. As long as a start may take here, its node keeps the room.
 */
export function startMs(limits: ServerLimits, { bootSeconds, graceSeconds }: Timed): number {
  const [bootMs, graceMs] = [bootSeconds * SECOND, graceSeconds * SECOND];
  const steps = limits.fetchMs + (graceMs + limits.createMs) + bootMs;
  return steps + graceMs + limits.stopMarginMs;
}

type Timed = Pick<ServerSpec, 'bootSeconds' | 'graceSeconds'>;

/** The numbers of the design: the server's table in `machine.ts`, and the queue's backoff. */
export const SERVER_LIMITS: ServerLimits = {
  prepareMs: 60 * SECOND,
  placeMs: 30 * SECOND,
  findMs: 20 * SECOND,
  failoverRetryMs: MINUTE,
  failoverTurnMs: 2 * SECOND,
  fetchMs: 30 * MINUTE,
  newsMs: 20 * SECOND,
  createMs: 60 * SECOND,
  announceMs: 10 * SECOND,
  saveMs: 15 * SECOND,
  stopMarginMs: 30 * SECOND,
  verifyMs: 10 * SECOND,
  removeMs: 30 * SECOND,
  purgeMs: 10 * MINUTE,
  queueBackoffMs: [MINUTE, 2 * MINUTE, 4 * MINUTE],
  queueAttempts: 3,
  queueMs: 10 * MINUTE,
  crashBackoffMs: 5 * SECOND,
  crashWindowMs: 10 * MINUTE,
  crashLimit: 3,
  probeStreak: 5,
  monitorRetryMs: MINUTE,
  removalWindowMs: 10 * SECOND,
  sleepAfterMs: 5 * MINUTE,
  retentionMs: 24 * HOUR,
  removeRetryMs: MINUTE,
  purgeRetryMs: HOUR,
};
