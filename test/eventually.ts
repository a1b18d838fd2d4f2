/** Waiting for what happens, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

const REST_MS = 20;
const REST_MOST_MS = 500;
/** A machine that others use as well may take long; what does not happen at all is told all the same. */
const WITHIN_MS = 60_000;

/**
 * Asks again and again until the answer is neither false, null nor undefined, and returns it. Between two questions it rests
 * three times as long as the last one took: many start programs, and would slow down the very thing that is waited for.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  withinMs = WITHIN_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const asked = performance.now();
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined)
      return answer as Exclude<T, false | null | undefined>;
    const now = performance.now();
    if (now > end) throw new Error(`this did not happen within ${withinMs / 1000} s: ${what}`);
    await sleep(Math.min(REST_MOST_MS, Math.max(REST_MS, 3 * (now - asked))));
  }
}
