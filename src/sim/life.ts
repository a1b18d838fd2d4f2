/**
 * The life of one operating system process in the simulation. A process that has died leaves nothing: whatever it had asked
 * for comes back to nobody. One that is frozen (SIGSTOP, a long garbage collection, a swapped-out machine) finds everything
 * that came meanwhile when it wakes up, and does not know that time has passed.
 */
import type { Clock } from '../actors/ports.ts';
import type { Time } from './time.ts';

export interface Life {
  /** Counts processes, from 1. */
  readonly generation: number;
  readonly alive: boolean;
  readonly clock: Clock;
  /** Everything that comes in from outside: runs now, when the process wakes up, or never. */
  enter(run: () => void): void;
  die(): void;
  freeze(): void;
  thaw(): void;
}

/** 2027-01-01, in Unix milliseconds: when every simulation begins. */
export const BEGINNING = Date.UTC(2027, 0, 1);

/** How a machine's clock differs from true time. */
export interface ClockError {
  /** The wall clock's, in milliseconds; jumps when somebody sets the clock. */
  offsetMs: number;
  /** Of wall clock and monotonic clock alike, in parts per million. */
  readonly ppm: number;
}

export const TRUE_CLOCK: ClockError = { offsetMs: 0, ppm: 0 };

/** No timer is shorter, as in Node. Without it, waiting for what rounding has left over would never end. */
const TIMER_MS = 1;

export function createLife(time: Time, generation: number, error: ClockError): Life {
  const rate = 1 + error.ppm / 1e6;
  let alive = true;
  let frozen = false;
  let waiting: (() => void)[] = [];

  function enter(run: () => void): void {
    if (!alive) return;
    if (frozen) waiting.push(run);
    else run();
  }

  return {
    generation,
    get alive() {
      return alive;
    },
    clock: {
      now: () => Math.round(BEGINNING + time.now() * rate + error.offsetMs),
      monotonic: () => time.now() * rate,
      schedule: (delayMs, run) => time.after(Math.max(TIMER_MS, delayMs) / rate, () => enter(run)),
    },
    enter,
    die() {
      alive = false;
      waiting = [];
    },
    freeze() {
      frozen = true;
    },
    thaw() {
      frozen = false;
      // Each is an event of its own, since a process sees one thing after the other.
      for (const run of waiting.splice(0)) time.after(0, () => enter(run));
    },
  };
}
