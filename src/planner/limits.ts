/** In which order nodes are looked at; see `strategies.ts`. */
export const STRATEGIES = ['best_fit', 'spread', 'worst_fit', 'round_robin'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The planner's bounds. */
export interface PlannerLimits {
  /** A single question takes below a millisecond; the first one also starts the thread. */
  readonly questionDeadlineMs: number;
  readonly batchDeadlineMs: number;
  /** How often a question is asked, each time on a new thread, before it counts as one that cannot be answered. */
  readonly attempts: number;
  readonly batchThreads: number;
  /** Servers in one batch. To write and to read so many takes the event loop a few milliseconds. */
  readonly batchMax: number;
  /** Questions, and batches, that may wait. */
  readonly waitingMax: number;
}

export const PLANNER_LIMITS: PlannerLimits = {
  questionDeadlineMs: 5_000,
  batchDeadlineMs: 10_000,
  attempts: 3,
  batchThreads: 1,
  batchMax: 5_000,
  waitingMax: 1_000,
};
