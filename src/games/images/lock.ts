/**
 * One builder at a time, over all processes: `npm run images` may run beside Baton, and tests run in many processes.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lock } from 'proper-lockfile';

/** How often a waiting builder looks again. */
const POLL_MS = 250;
/** A lock whose holder has not touched it for so long is a dead process's. */
const STALE_MS = 15_000;

/** Runs `work` while nobody else holds the lock of that name in `folder`. Waits until the signal aborts. */
export async function withLock<T>(
  folder: string,
  name: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(folder, { recursive: true });
  const release = await acquire(join(folder, `${name}.lock`), signal);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await lock(path, {
        realpath: false,
        lockfilePath: path,
        stale: STALE_MS,
        // Losing the lock costs work done twice and nothing else: results appear under their name only when whole.
        onCompromised: () => {},
      }).then((release) => () => release().catch(() => {}));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ELOCKED')) throw error;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}
