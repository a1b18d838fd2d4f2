/** The queue's bounds. Durations are in milliseconds. */
export interface QueueLimits {
  /** After a start, inventories are waited for at most this long. */
  readonly bootMs: number;
  /** Deadline of one look through the queue. */
  readonly matchMs: number;
  /** While somebody waits, the fleet is looked through this often, in case a hint was lost. */
  readonly pollMs: number;
  /** How long room is kept for a server that was told of it. */
  readonly offerMs: number;
  /** After an offer that its node refused, or that nobody came for. */
  readonly refusedMs: number;
  readonly absentMs: number;
  /** So many may overtake a server, and for so long; then room is held for it. */
  readonly overtakingMax: number;
  readonly overtakingMs: number;
  /** Offers of one turn; each is a message. */
  readonly offersMax: number;
  /** Servers that the queue knows. Further ones wait by their own clock until they fit in. */
  readonly entriesMax: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** The numbers of the design: "Queue" in fleet.md. */
export const QUEUE_LIMITS: QueueLimits = {
  bootMs: 2 * MINUTE,
  matchMs: 15 * SECOND,
  pollMs: 5 * SECOND,
  offerMs: 30 * SECOND,
  refusedMs: 5 * SECOND,
  absentMs: MINUTE,
  overtakingMax: 10,
  overtakingMs: 2 * MINUTE,
  offersMax: 50,
  entriesMax: 400,
};
