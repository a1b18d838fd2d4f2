import type { Clock } from './ports.ts';

/** How often an actor may fail: a burst, and a sustained rate at which failures are forgiven. */
export interface Intensity {
  /** Books a failure. True when there were too many. */
  exceeded(key: string): boolean;
  forgive(key: string): void;
}

/** A token bucket a key, after OTP's advice to think of burst and sustained rate apart. Keys that have recovered are dropped. */
export function createIntensity(clock: Clock, burst: number, forgivenPerMinute: number): Intensity {
  const failures = new Map<string, { readonly level: number; readonly at: number }>();

  const levelOf = (key: string, now: number): number => {
    const { level, at } = failures.get(key) ?? { level: 0, at: now };
    return Math.max(0, level - ((now - at) / 60_000) * forgivenPerMinute);
  };

  return {
    exceeded(key) {
      const now = clock.monotonic();
      for (const other of failures.keys()) if (levelOf(other, now) === 0) failures.delete(other);
      const level = levelOf(key, now) + 1;
      failures.set(key, { level, at: now });
      return level > burst;
    },
    forgive(key) {
      failures.delete(key);
    },
  };
}
