import type { Clock } from './ports.ts';
import type { CommitStore, StoredTimer } from './store.ts';

export interface TimerService {
  start(): void;
  /** A timer was set that is due in so many milliseconds. */
  expect(delayMs: number): void;
  stop(): void;
}

/** How many due timers are read at once. */
const PAGE = 500;

/**
 * Wakes up when the next timer is due and hands out what the store says is due by *its* clock; ours only says when to look.
 * A timer stays in the store until the turn that takes it is committed, so it may be handed out again.
 */
export function createTimerService(
  store: Pick<CommitStore, 'dueTimers'>,
  clock: Clock,
  pollMs: number,
  fire: (timer: StoredTimer) => void,
  failed: (error: unknown) => void,
): TimerService {
  let cancel: () => void = () => {};
  let wakeAt = Number.POSITIVE_INFINITY;
  let looking = false;
  let stopped = true;

  function wakeIn(delayMs: number): void {
    const at = clock.monotonic() + delayMs;
    if (stopped || looking || at >= wakeAt) return;
    cancel();
    wakeAt = at;
    cancel = clock.schedule(delayMs, () => void look());
  }

  async function look(): Promise<void> {
    looking = true;
    wakeAt = Number.POSITIVE_INFINITY;
    let next = pollMs;
    try {
      const { due, nextInMs } = await store.dueTimers(PAGE);
      if (!stopped) for (const timer of due) fire(timer);
      // A full page means that more are due; those handed out need a moment to be committed away.
      next = due.length === PAGE ? 20 : Math.min(pollMs, Math.max(nextInMs ?? pollMs, 1));
    } catch (error) {
      failed(error);
    }
    looking = false;
    wakeIn(Math.min(next, Math.max(expected - clock.monotonic(), 0)));
    expected = Number.POSITIVE_INFINITY;
  }

  /** The earliest timer that was set while a look was under way, which may not have seen it. */
  let expected = Number.POSITIVE_INFINITY;

  return {
    start() {
      stopped = false;
      wakeIn(0);
    },
    expect(delayMs) {
      if (looking) expected = Math.min(expected, clock.monotonic() + delayMs);
      else wakeIn(delayMs);
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
