import type { Clock } from './ports.ts';
import type { CommitStore, StoredTimer } from './store.ts';
import type { Underway } from './underway.ts';

export interface TimerService {
  start(): void;
  /** A timer was set that is due in so many milliseconds. */
  expect(delayMs: number): void;
  stop(): void;
}

export interface TimerParts {
  readonly store: Pick<CommitStore, 'dueTimers'>;
  readonly clock: Clock;
  readonly underway: Underway;
  readonly pollMs: number;
  readonly fire: (timer: StoredTimer) => void;
  readonly failed: (error: unknown) => void;
}

/** How many due timers are read at once. */
const PAGE = 500;

/** Before more is read after a full page: those that were handed out need a moment to be committed away. */
const NEXT_PAGE_MS = 20;

/**
 * Wakes up when the next timer is due and hands out what the store says is due by *its* clock; ours only says when to look.
 * A timer stays in the store until the turn that takes it is committed, so it may be handed out again.
 */
export function createTimerService({ store, clock, underway, pollMs, fire, failed }: TimerParts): TimerService {
  let cancel: () => void = () => {};
  /** When the next look is; never while one is under way. */
  let wakeAt = Number.POSITIVE_INFINITY;
  let looking = false;
  let stopped = true;

  function wakeIn(delayMs: number): void {
    const at = clock.monotonic() + delayMs;
    if (stopped || at >= wakeAt) return;
    wakeAt = at;
    // A look that is under way may not have seen what is expected now; it looks again when it is over.
    if (looking) return;
    cancel();
    cancel = clock.schedule(delayMs, () => underway.track(look()));
  }

  async function look(): Promise<void> {
    looking = true;
    wakeAt = Number.POSITIVE_INFINITY;
    let next = pollMs;
    try {
      const { due, nextInMs } = await store.dueTimers(PAGE);
      if (!stopped) for (const timer of due) fire(timer);
      next = due.length === PAGE ? NEXT_PAGE_MS : Math.min(pollMs, Math.max(nextInMs ?? pollMs, 1));
    } catch (error) {
      failed(error);
    }
    looking = false;
    const delayMs = Math.min(next, Math.max(wakeAt - clock.monotonic(), 0));
    wakeAt = Number.POSITIVE_INFINITY;
    wakeIn(delayMs);
  }

  return {
    start() {
      stopped = false;
      wakeIn(0);
    },
    expect: wakeIn,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
