import type { CommitStore, StoredActor } from './store.ts';
import type { Address } from './types.ts';

/** How many actors are read in one go. */
const PAGE = 500;

/**
 * Reads actors, many that are asked for at once together. Null for one that is not there.
 * @param messages how many messages of each are read at most
 */
export function createLoader(
  store: Pick<CommitStore, 'load'>,
  messages: number,
): (address: Address) => Promise<StoredActor | null> {
  let wanted = new Map<Address, PromiseWithResolvers<StoredActor | null>>();

  async function flush(): Promise<void> {
    const batch = wanted;
    wanted = new Map();
    const addresses = [...batch.keys()];
    for (let from = 0; from < addresses.length; from += PAGE) {
      const page = addresses.slice(from, from + PAGE);
      try {
        const found = new Map((await store.load(page, messages)).map((actor) => [actor.address, actor]));
        for (const address of page) batch.get(address)?.resolve(found.get(address) ?? null);
      } catch (error) {
        for (const address of page) batch.get(address)?.reject(error);
      }
    }
  }

  return (address) => {
    const pending = wanted.get(address);
    if (pending !== undefined) return pending.promise;
    if (wanted.size === 0) queueMicrotask(() => void flush());
    const entry = Promise.withResolvers<StoredActor | null>();
    wanted.set(address, entry);
    return entry.promise;
  };
}
