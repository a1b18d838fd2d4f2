import type { Pool } from 'pg';
import type { StoredActor, StoredEffect, StoredMessage, StoredTimer } from '../../actors/store.ts';
import type { Address } from '../../actors/types.ts';
import { LOAD_ACTORS, LOAD_EFFECTS, LOAD_MESSAGES, LOAD_STASH, LOAD_TIMERS } from '../sql/actors.ts';

/**
 * Loads actors with all that is stored of them. The statements run on one connection one after the other, actors first:
 * what a commit between two of them adds belongs to a later sequence number and is dropped when its turn finds that out.
 */
export async function load(
  pool: Pool,
  addresses: readonly Address[],
  messages: number,
): Promise<readonly StoredActor[]> {
  const client = await pool.connect();
  try {
    const read = async <R>(name: string, text: string, ...more: readonly unknown[]) =>
      (await client.query({ name, text, values: [addresses, ...more] })).rows as R[];
    await client.query('begin isolation level repeatable read read only');
    const actors = await read<Omit<StoredActor, 'timers' | 'effects' | 'messages' | 'stash'>>(
      'load-actors',
      LOAD_ACTORS,
    );
    const timers = group(await read<StoredTimer>('load-timers', LOAD_TIMERS), 'address');
    const effects = group(await read<StoredEffect & { address: Address }>('load-effects', LOAD_EFFECTS), 'address');
    const waiting = group(await read<StoredMessage>('load-messages', LOAD_MESSAGES, messages), 'receiver');
    const stash = group(
      await read<StoredActor['stash'][number] & { address: Address }>('load-stash', LOAD_STASH),
      'address',
    );
    await client.query('commit');
    client.release();
    return actors.map((actor) => ({
      ...actor,
      timers: timers.get(actor.address) ?? [],
      effects: effects.get(actor.address) ?? [],
      messages: waiting.get(actor.address) ?? [],
      stash: stash.get(actor.address) ?? [],
    }));
  } catch (thrown) {
    client.release(thrown instanceof Error ? thrown : true);
    throw thrown;
  }
}

function group<K extends string, R extends Readonly<Record<K, string>>>(rows: readonly R[], key: K): Map<string, R[]> {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const own = groups.get(row[key]);
    if (own === undefined) groups.set(row[key], [row]);
    else own.push(row);
  }
  return groups;
}
