/** Removes what is older than its retention. */
import { storedError } from '../errors.ts';
import type { Housekeeping, Retention } from './interfaces/stores.ts';

export interface JanitorParts {
  readonly housekeeping: Housekeeping;
  readonly settings: Retention & { readonly sweepMs: number };
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly report: (message: string, details: Record<string, unknown>) => void;
}

export function createJanitor({ housekeeping, settings, sleep, report }: JanitorParts) {
  async function sweepForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await housekeeping.sweep(settings, signal);
      } catch (error) {
        if (!signal.aborted)
          report('Old rows could not be removed; the next sweep tries again.', { error: storedError(error) });
      }
      await sleep(settings.sweepMs, signal).catch(() => undefined);
    }
  }
  return {
    /** Sweeps until the signal aborts. */
    start: (signal: AbortSignal): void => void sweepForever(signal),
  };
}
