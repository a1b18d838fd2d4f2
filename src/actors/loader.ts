import type { CommitStore, StoredActor } from './store.ts';
import { together } from './together.ts';
import type { Address } from './types.ts';

/** How many actors are read in one go. */
const PAGE = 500;

/**
 * Reads actors, one go at a time, and whoever is asked for meanwhile in the next one: however many come to life at once, they
 * leave the store's other connections to commits. Null for one that is not there.
 * @param messages how many messages of each are read at most
 */
export function createLoader(
  store: Pick<CommitStore, 'load'>,
  messages: number,
): (address: Address) => Promise<StoredActor | null> {
  const wanted = new Map<Address, Promise<StoredActor | null>>();

  const load = together(async (addresses: readonly Address[]) => {
    for (const address of addresses) wanted.delete(address);
    const found = new Map((await store.load(addresses, messages)).map((actor) => [actor.address, actor]));
    return addresses.map((address) => found.get(address) ?? null);
  }, PAGE);

  return (address) => {
    const pending = wanted.get(address) ?? load(address);
    wanted.set(address, pending);
    return pending;
  };
}
