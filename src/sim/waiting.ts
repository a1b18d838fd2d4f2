/** Waiting by a process's own clock. */
import type { Clock } from '../actors/ports.ts';

/** Resolves after the time, or rejects with the signal's reason. */
export function sleeper(clock: Clock): (ms: number, signal: AbortSignal) => Promise<void> {
  return (ms, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal.aborted) return Promise.reject(signal.reason);
    const onAbort = (): void => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.schedule(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
    return promise;
  };
}

/** Signals that abort after the time. */
export function timeouts(clock: Clock): (ms: number) => AbortSignal {
  return (ms) => {
    const controller = new AbortController();
    clock.schedule(ms, () => controller.abort(new DOMException('The time is up.', 'TimeoutError')));
    return controller.signal;
  };
}
