import type { CommitStore, StoredActor } from './store.ts';
import type { Address } from './types.ts';

/** How many actors are read in one go. */
const PAGE = 500;

type Wanted = PromiseWithResolvers<StoredActor | null>;

/**
 * Reads actors, one go at a time, and whoever is asked for meanwhile in the next one: however many come to life at once, they
 * leave the store's other connections to commits. Null for one that is not there.
 * @param messages how many messages of each are read at most
 */
export function createLoader(
  store: Pick<CommitStore, 'load'>,
  messages: number,
): (address: Address) => Promise<StoredActor | null> {
  const wanted = new Map<Address, Wanted>();
  let running = false;

  async function run(): Promise<void> {
    while (wanted.size > 0) {
      const page = new Map([...wanted].slice(0, PAGE));
      for (const address of page.keys()) wanted.delete(address);
      await read(page);
    }
    running = false;
  }

  async function read(page: ReadonlyMap<Address, Wanted>): Promise<void> {
    try {
      const found = new Map((await store.load([...page.keys()], messages)).map((actor) => [actor.address, actor]));
      for (const [address, { resolve }] of page) resolve(found.get(address) ?? null);
    } catch (error) {
      for (const { reject } of page.values()) reject(error);
    }
  }

  return (address) => {
    const pending = wanted.get(address) ?? Promise.withResolvers<StoredActor | null>();
    wanted.set(address, pending);
    if (!running) {
      running = true;
      queueMicrotask(() => void run());
    }
    return pending.promise;
  };
}
