/** The runtime's bounds. All of them answer with a typed error or make work wait; none of them loses anything stored. */
export interface RuntimeLimits {
  /** Messages that may wait for one actor; user messages beyond it are refused with `mailbox_full`. */
  readonly mailboxDepth: number;
  /** Commands with `if_busy: "queue"` that may wait for one actor's operation. */
  readonly stashDepth: number;
  /** Actors kept in memory; the least recently used idle ones beyond it are passivated. */
  readonly residentActors: number;
  /** Effects, timers and messages that one turn may ask for. */
  readonly intentsPerTurn: number;
  /** Steps that one event may cause within the machine; beyond it the machine runs in a circle. */
  readonly microsteps: number;
  readonly snapshotBytes: number;
  /** Turns that share one transaction at most. */
  readonly commitBatch: number;
  /** Tries to handle a durable message before it becomes a dead letter. */
  readonly deliveryAttempts: number;
  /** Failures of one actor in a burst before it is quarantined, and how many are forgiven in a minute. */
  readonly failureBurst: number;
  readonly failuresForgivenPerMinute: number;
  /** First wait before a transient error of an effect is retried; doubled each time up to the maximum. */
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  /** How often the store is asked for due timers at the least. */
  readonly pollMs: number;
  /** How often the store is asked for work that nobody has picked up, such as a message that was written by a process that died. */
  readonly sweepMs: number;
  /** How long a message waits for a receiver that does not exist before it becomes a dead letter. */
  readonly orphanMs: number;
  /** How long this process owns its shards without renewing. */
  readonly leaseMs: number;
  /** Committed turns kept in memory for inspection. */
  readonly inspectionRing: number;
  /** An operation's progress is stored at most this often. */
  readonly progressMs: number;
}

export const RUNTIME_LIMITS: RuntimeLimits = {
  mailboxDepth: 1_000,
  stashDepth: 8,
  residentActors: 50_000,
  intentsPerTurn: 1_024,
  microsteps: 1_000,
  snapshotBytes: 256 * 1024,
  commitBatch: 256,
  deliveryAttempts: 3,
  failureBurst: 5,
  failuresForgivenPerMinute: 10,
  retryBaseMs: 500,
  retryMaxMs: 10_000,
  pollMs: 1_000,
  sweepMs: 15_000,
  orphanMs: 60_000,
  leaseMs: 15_000,
  inspectionRing: 1_000,
  progressMs: 500,
};
