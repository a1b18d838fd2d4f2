/**
 * Hands over what comes while the last go is under way in the next one, so that many who come at once pay for a few goes.
 * When a go of several fails because of one of them, each goes alone, so that all hear of their own fault only.
 * @param go takes items and answers a result for each, in their order
 * @param most how many go at once
 * @param isOfOne whether a fault may go away when they go alone; that of a database that is away does not
 */
export function together<T, R>(
  go: (items: readonly T[]) => Promise<readonly R[]>,
  most: number,
  isOfOne: (thrown: unknown) => boolean = () => false,
): (item: T) => Promise<R> {
  const waiting: { readonly item: T; readonly outcome: PromiseWithResolvers<R> }[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) await settle(waiting.splice(0, most));
    running = false;
  }

  async function settle(batch: typeof waiting): Promise<void> {
    try {
      const results = await go(batch.map(({ item }) => item));
      for (const [index, { outcome }] of batch.entries()) outcome.resolve(results[index] as R);
    } catch (thrown) {
      if (batch.length > 1 && isOfOne(thrown)) for (const one of batch) await settle([one]);
      else for (const { outcome } of batch) outcome.reject(thrown);
    }
  }

  return (item) => {
    const outcome = Promise.withResolvers<R>();
    waiting.push({ item, outcome });
    if (!running) {
      running = true;
      queueMicrotask(() => void run());
    }
    return outcome.promise;
  };
}
