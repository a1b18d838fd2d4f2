/** Not waiting any longer than somebody wants. */

/**
 * What `promise` gives, unless one of the signals aborts first: then that signal's reason is thrown, and what becomes of
 * the promise is nobody's business.
 */
export async function unlessAborted<T>(
  promise: Promise<T>,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const offs = signals.map((signal) => {
    const giveUp = () => aborted.reject(signal?.reason);
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    return () => signal?.removeEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([aborted.promise, promise]);
  } finally {
    for (const off of offs) off();
  }
}
