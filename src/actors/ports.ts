/**
 * Clock, random and ids, as the runtime takes them. The real ones are in `system-ports.ts`; the simulator brings its own,
 * which is what lets it run this code under one seed.
 */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Milliseconds that never jump; for durations. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; the returned function prevents it. */
  schedule(delayMs: number, run: () => void): () => void;
}

export interface Ports {
  readonly clock: Clock;
  /** At least 0, below 1. */
  random(): number;
  /** A UUIDv7. */
  id(): string;
  /** Resolves when the process has come back to its event loop, so that what it wrote to sockets has left. */
  yield(): Promise<void>;
}
