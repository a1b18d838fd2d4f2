/** The bounds of the actor runtime and what it keeps how long; the numbers of the runtime stand beside it. */
import { RUNTIME_LIMITS as LIMITS } from '../src/actors/limits.ts';
import { hours, whole } from './setting.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEARS_HOURS = 87_600;

const count = (name: string, fallback: number, range: readonly [number, number], unit: string, reason: string) =>
  whole(`BATON_ACTORS_${name}`, fallback, range, unit, reason);

export const ACTOR_SETTINGS = {
  mailboxDepth: count(
    'MAILBOX_DEPTH',
    LIMITS.mailboxDepth,
    [8, 65_536],
    'messages',
    'Waiting for one actor; past it callers hear mailbox_full instead of waiting without end.',
  ),
  stashDepth: count(
    'STASH_DEPTH',
    LIMITS.stashDepth,
    [1, 64],
    'commands',
    'Waiting for a running operation; nobody remembers what more of them were for.',
  ),
  residentActors: count(
    'RESIDENT',
    LIMITS.residentActors,
    [16, 1_000_000],
    'actors',
    'Kept in memory, at most 12 KiB each; the least recently used ones go back to their rows.',
  ),
  intentsPerTurn: count(
    'INTENTS_PER_TURN',
    LIMITS.intentsPerTurn,
    [8, 16_384],
    'intents',
    'Effects, timers and messages of one turn: a lost node tells each of its servers. More is a statechart that loops.',
  ),
  microsteps: count(
    'MICROSTEPS',
    LIMITS.microsteps,
    [16, 100_000],
    'steps',
    'Caused by one event within a statechart; more is one that runs in a circle.',
  ),
  snapshotBytes: count(
    'SNAPSHOT_BYTES',
    LIMITS.snapshotBytes,
    [4_096, 16_777_216],
    'bytes',
    'Every turn writes the snapshot whole; a server has a few KiB, its crash log included.',
  ),
  commitBatch: count(
    'COMMIT_BATCH',
    LIMITS.commitBatch,
    [1, 1_000],
    'turns',
    'Turns that share one transaction; measured, the rate no longer rises beyond 250.',
  ),
  deliveryAttempts: count(
    'DELIVERY_ATTEMPTS',
    LIMITS.deliveryAttempts,
    [1, 100],
    'tries',
    'A message whose turn throws so often goes to the dead letters, and the actor goes on.',
  ),
  failureBurst: count(
    'FAILURE_BURST',
    LIMITS.failureBurst,
    [1, 1_000],
    'failures',
    'At once, before an actor is quarantined: a burst is an incident, not a defect.',
  ),
  failuresForgivenPerMinute: count(
    'FAILURES_FORGIVEN_PER_MINUTE',
    LIMITS.failuresForgivenPerMinute,
    [1, 1_000],
    'failures',
    'The sustained rate that is borne without end.',
  ),
  retryBaseMs: count(
    'RETRY_BASE_MS',
    LIMITS.retryBaseMs,
    [1, 60_000],
    'ms',
    'First wait before a transient error of an effect is tried again; doubled each time.',
  ),
  retryMaxMs: count(
    'RETRY_MAX_MS',
    LIMITS.retryMaxMs,
    [1, HOUR_MS],
    'ms',
    'The longest of these waits: so long after an engine or a registry is back, what waited for it goes on.',
  ),
  pollMs: count(
    'POLL_MS',
    LIMITS.pollMs,
    [10, 60_000],
    'ms',
    'How often due timers are looked for at the least, whatever their own due times say.',
  ),
  sweepMs: count(
    'SWEEP_MS',
    LIMITS.sweepMs,
    [100, 3_600_000],
    'ms',
    'How often work is looked for that nobody has picked up; it reads one row an actor that has any.',
  ),
  orphanMs: count(
    'ORPHAN_MS',
    LIMITS.orphanMs,
    [100, DAY_MS],
    'ms',
    'How long a message waits for a receiver that does not exist before it becomes a dead letter.',
  ),
  leaseMs: count(
    'LEASE_MS',
    LIMITS.leaseMs,
    [3_000, 300_000],
    'ms',
    'How long a dead process keeps its shards; several renewals, so that a slow database costs no ownership.',
  ),
  inspectionRing: count('INSPECTION_RING', LIMITS.inspectionRing, [0, 100_000], 'turns', 'In memory, to look at.'),
  progressMs: count('PROGRESS_MS', LIMITS.progressMs, [0, 60_000], 'ms', "An operation's progress is stored so often."),
} as const;

/** What money and ownership rest on is kept for ever; the rest for so long. */
export const RETENTION_SETTINGS = {
  journalMs: hours('BATON_RETENTION_JOURNAL_HOURS', 90 * DAY_MS, YEARS_HOURS, "A quarter of each server's history."),
  eventsMs: hours('BATON_RETENTION_EVENTS_HOURS', 7 * DAY_MS, YEARS_HOURS, 'How far back a live client can resume.'),
  operationsMs: hours(
    'BATON_RETENTION_OPERATIONS_HOURS',
    90 * DAY_MS,
    YEARS_HOURS,
    'Ended operations; those with an idempotency key are kept for ever, as the API promises.',
  ),
  deadLettersMs: hours('BATON_RETENTION_DEAD_LETTERS_HOURS', 90 * DAY_MS, YEARS_HOURS, 'Time for a person to look.'),
  sweepMs: whole('BATON_RETENTION_SWEEP_MS', 600_000, [1_000, DAY_MS], 'ms', 'How often old rows are removed.'),
  batchRows: whole(
    'BATON_RETENTION_BATCH_ROWS',
    1_000,
    [10, 100_000],
    'rows',
    'Removed at once, so that it blocks nobody.',
  ),
} as const;
