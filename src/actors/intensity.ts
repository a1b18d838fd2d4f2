import type { Clock } from './ports.ts';

/** How often an actor may fail: a burst, and a sustained rate at which failures are forgiven. */
export interface Intensity {
  /** Books a failure. True when there were too many. */
  exceeded(key: string): boolean;
  forgive(key: string): void;
}

/** A token bucket a key, after OTP's advice to think of burst and sustained rate apart. Keys that have recovered are dropped. */
export function createIntensity(clock: Clock, burst: number, forgivenPerMinute: number): Intensity {
  const failures = new Map<string, { level: number; at: number }>();
  return {
    exceeded(key) {
      const now = clock.monotonic();
      const { level, at } = failures.get(key) ?? { level: 0, at: now };
      const left = Math.max(0, level - ((now - at) / 60_000) * forgivenPerMinute) + 1;
      failures.set(key, { level: left, at: now });
      return left > burst;
    },
    forgive(key) {
      failures.delete(key);
    },
  };
}
