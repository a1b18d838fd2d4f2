/**
 * The arithmetic of lease and fence: fleet.md, "Heartbeat, lease, fence". A node may run servers only while its lease
 * lasts, and a server runs elsewhere only once the old lease cannot last any more. Both ends count from the same reading of
 * the node's clock, so that nothing which happens on the wire can bring them apart.
 */

/** Durations in milliseconds. */
export interface LeaseLimits {
  /** Between two heartbeats. */
  readonly beatMs: number;
  /** How long a grant lasts on the node's clock, from the reading that it is anchored at. */
  readonly ttlMs: number;
  /** Parts per million by which the node's clock may run slower than ours. */
  readonly driftPpm: number;
  /** What the watchdog may take to notice that the lease is over and to freeze every container. */
  readonly pauseBudgetMs: number;
  /** This many heartbeats missed in a row make a node unreachable. */
  readonly missedLimit: number;
}

/** The numbers of the design; the watchdog looks every 200 ms and is taken for dead after 5 s, in which no grant is accepted. */
export const LEASE_LIMITS: LeaseLimits = {
  beatMs: 2_000,
  ttlMs: 15_000,
  driftPpm: 500,
  pauseBudgetMs: 3_000,
  missedLimit: 3,
};

/**
 * Until when a grant lasts, on the node's clock, in ms.
 * @param readingMs the node's clock in an answer that has been received; never a guess at what it shows now
 */
export const grantUntil = (readingMs: number, { ttlMs }: LeaseLimits): number => readingMs + ttlMs;

/**
 * How long after the last reading was received, by our monotonic clock, no container of the node can be running, in ms. The
 * node took the reading before we received it, so its lease ends `ttlMs` of its own time after that, or earlier.
 */
export const fenceWaitMs = ({ ttlMs, driftPpm, pauseBudgetMs }: LeaseLimits): number =>
  Math.ceil(ttlMs * (1 + driftPpm / 1_000_000)) + pauseBudgetMs;

/**
 * What shows that no copy on a node can be running:
 * `node_stopped`, it answered and stopped them; `provider_off`, its provider says that the machine is off or gone;
 * `lease_expired`, {@link fenceWaitMs} has passed.
 */
export const FENCE_PROOFS = ['node_stopped', 'provider_off', 'lease_expired'] as const;
export type FenceProof = (typeof FENCE_PROOFS)[number];
