/** The deadlines and counts of the server's statechart; the numbers themselves stand beside it. */
import { SERVER_LIMITS as LIMITS } from '../src/machines/server/limits.ts';
import { hours, whole, wholes } from './setting.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ms = (name: string, fallback: number, [min, max]: readonly [number, number], reason: string) =>
  whole(`BATON_SERVER_${name}_MS`, fallback, [min, max], 'ms', reason);

export const SERVER_SETTINGS = {
  retentionMs: hours(
    'BATON_RETENTION_HOURS',
    LIMITS.retentionMs,
    8_760,
    'How long a deleted server can be had back before it is purged; a day covers a mistake noticed the next morning.',
  ),
  prepareMs: ms('PREPARE', LIMITS.prepareMs, [1_000, HOUR_MS], 'Home node, ports and directory: then failed.'),
  placeMs: ms('PLACE', LIMITS.placeMs, [1_000, HOUR_MS], 'Reserving RAM on a node: then queued again or failed.'),
  findMs: ms('FIND', LIMITS.findMs, [1_000, HOUR_MS], 'Looking where the data lies that a failover starts with.'),
  failoverRetryMs: ms(
    'FAILOVER_RETRY',
    LIMITS.failoverRetryMs,
    [1_000, DAY_MS],
    'After a failover by policy that found no node: by itself again.',
  ),
  failoverTurnMs: ms(
    'FAILOVER_TURN',
    LIMITS.failoverTurnMs,
    [100, DAY_MS],
    'The same while the nodes that have room start others, such as those that were lost with it.',
  ),
  fetchMs: ms(
    'FETCH',
    LIMITS.fetchMs,
    [1_000, DAY_MS],
    'Pulling an image: a few GB fit, a pull that never ends does not.',
  ),
  newsMs: ms(
    'NEWS',
    LIMITS.newsMs,
    [1_000, HOUR_MS],
    'After a step that its node did not answer: until the node is lost, or the step has failed.',
  ),
  createMs: ms(
    'CREATE',
    LIMITS.createMs,
    [1_000, HOUR_MS],
    'Making the container, beyond the grace of one in its way: then failed.',
  ),
  announceMs: ms('ANNOUNCE', LIMITS.announceMs, [0, HOUR_MS], 'What players get to come to an end before a stop.'),
  saveMs: ms('SAVE', LIMITS.saveMs, [1_000, HOUR_MS], 'Writing the world before a stop; the stop goes on without it.'),
  stopMarginMs: ms(
    'STOP_MARGIN',
    LIMITS.stopMarginMs,
    [1_000, HOUR_MS],
    "Beyond the game's grace: SIGKILL, and looking whether it is gone; then failed with stop_failed.",
  ),
  verifyMs: ms('VERIFY', LIMITS.verifyMs, [1_000, HOUR_MS], 'Looking what is there: container and data.'),
  removeMs: ms('REMOVE', LIMITS.removeMs, [1_000, HOUR_MS], 'Removing a container, beyond its grace.'),
  purgeMs: ms('PURGE', LIMITS.purgeMs, [1_000, DAY_MS], 'Removing container, data and ports of a large world.'),
  queueBackoffMs: wholes(
    'BATON_SERVER_QUEUE_BACKOFF_MS',
    LIMITS.queueBackoffMs,
    [1, DAY_MS],
    'ms',
    'Waits before the timed attempts of a queued server; the last one repeats. News of freed room comes at once anyway.',
  ),
  queueAttempts: whole(
    'BATON_SERVER_QUEUE_ATTEMPTS',
    LIMITS.queueAttempts,
    [1, 1_000],
    'attempts',
    'Timed attempts before a queued server fails with no_capacity.',
  ),
  queueMs: ms('QUEUE', LIMITS.queueMs, [1_000, 7 * DAY_MS], 'Waiting for room since first queued: then no_capacity.'),
  crashBackoffMs: ms(
    'CRASH_BACKOFF',
    LIMITS.crashBackoffMs,
    [1, HOUR_MS],
    'First wait before a crashed server starts again; each further crash doubles it.',
  ),
  crashWindowMs: ms('CRASH_WINDOW', LIMITS.crashWindowMs, [1_000, DAY_MS], 'Crashes within it count as one loop.'),
  crashLimit: whole(
    'BATON_SERVER_CRASH_LIMIT',
    LIMITS.crashLimit,
    [1, 100],
    'crashes',
    'So many within the window end the restarting: a world that crashes its game needs a person.',
  ),
  probeStreak: whole(
    'BATON_SERVER_PROBE_STREAK',
    LIMITS.probeStreak,
    [1, 100],
    'probes',
    'Failed probes in a row that make a running server unresponsive; a long garbage collection fails one or two.',
  ),
  monitorRetryMs: ms(
    'MONITOR_RETRY',
    LIMITS.monitorRetryMs,
    [100, HOUR_MS],
    "How often an unresponsive server's monitor starts anew, in case it was the monitor that died.",
  ),
  removalWindowMs: ms(
    'REMOVAL_WINDOW',
    LIMITS.removalWindowMs,
    [100, HOUR_MS],
    'An exit seen this shortly before its container was gone belongs to that removal and is no crash.',
  ),
  sleepAfterMs: ms(
    'SLEEP_AFTER',
    LIMITS.sleepAfterMs,
    [100, DAY_MS],
    'A stopped server with wake-on-join goes to sleep.',
  ),
  removeRetryMs: ms('REMOVE_RETRY', LIMITS.removeRetryMs, [100, DAY_MS], "Until a deleted server's container is gone."),
  purgeRetryMs: ms(
    'PURGE_RETRY',
    LIMITS.purgeRetryMs,
    [100, 7 * DAY_MS],
    'After a purge that failed: by itself again.',
  ),
} as const;
