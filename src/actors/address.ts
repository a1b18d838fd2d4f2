import type { Address } from './types.ts';

/** How many shards there are. Fixed for ever: a shard number stands in every actor's row. */
export const SHARDS = 64;

export const address = (kind: string, id: string): Address => `${kind}/${id}`;

/** Takes an address apart. Throws a `TypeError` on anything that is none. */
export function parseAddress(text: string): { readonly kind: string; readonly id: string } {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) throw new TypeError(`"${text}" is not an address of the form kind/id.`);
  return { kind: text.slice(0, slash), id: text.slice(slash + 1) };
}

/**
 * The shard of an address: FNV-1a, 32 bit, modulo {@link SHARDS}. This exact hash decides which process owns an actor and
 * stands in stored rows: it must never change.
 */
export function shardOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % SHARDS;
}
