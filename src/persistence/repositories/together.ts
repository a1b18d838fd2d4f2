/**
 * Writes what is handed over while the last write is under way in one go, so that many that come at once pay for a few commits.
 * When a write of several fails because of one of them, each is written alone, so that all hear of their own fault only.
 * @param most how many are written in one go
 * @param isOfOne whether a fault may go away when they are written alone; that of a database that is away does not
 */
export function together<T>(
  write: (items: readonly T[]) => Promise<void>,
  most: number,
  isOfOne: (thrown: unknown) => boolean,
): (item: T) => Promise<void> {
  const waiting: { readonly item: T; readonly outcome: PromiseWithResolvers<void> }[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) await settle(waiting.splice(0, most));
    running = false;
  }

  async function settle(batch: typeof waiting): Promise<void> {
    try {
      await write(batch.map(({ item }) => item));
      for (const { outcome } of batch) outcome.resolve();
    } catch (thrown) {
      if (batch.length > 1 && isOfOne(thrown)) for (const one of batch) await settle([one]);
      else for (const { outcome } of batch) outcome.reject(thrown);
    }
  }

  return (item) => {
    const outcome = Promise.withResolvers<void>();
    waiting.push({ item, outcome });
    if (!running) {
      running = true;
      queueMicrotask(() => void run());
    }
    return outcome.promise;
  };
}
