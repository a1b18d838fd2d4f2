/** Runs one thing at a time per key, in the order of asking; different keys do not wait for each other. */
export type KeyedLock = <T>(key: string, run: () => Promise<T>) => Promise<T>;

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<unknown>>();
  return (key, run) => {
    const result = (tails.get(key) ?? Promise.resolve()).then(run);
    // Whoever comes next waits for the end, not for success.
    const tail: Promise<unknown> = result
      .catch(() => undefined)
      .then(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return result;
  };
}
