import type { QueryResult } from 'pg';
import { SHARDS } from '../../actors/address.ts';
import type { CommitStore } from '../../actors/store.ts';
import { errors } from '../errors.ts';
import { CLAIM_SHARDS, MAKE_SHARDS, RELEASE_SHARDS, RENEW_SHARDS, SHARD_HOLDER } from '../sql/shards.ts';

type Query = (name: string, text: string, values: readonly unknown[]) => Promise<QueryResult>;

/** The lease of the shards: which process may write actors. The database's clock decides. */
export function shardLease(
  query: Query,
  inTransaction: <T>(run: (query: Query) => Promise<T>) => Promise<T>,
): Pick<CommitStore, 'claimShards' | 'renewShards' | 'releaseShards'> {
  return {
    claimShards: (owner, leaseMs) =>
      inTransaction(async (within) => {
        await within('make-shards', MAKE_SHARDS, [SHARDS]);
        const { rows } = await within('claim-shards', CLAIM_SHARDS, [owner, leaseMs]);
        if (rows.length < SHARDS) throw await inUse(within, owner);
        const epochs: number[] = Array(SHARDS).fill(0);
        for (const { shard, epoch } of rows as { shard: number; epoch: number }[]) epochs[shard] = epoch;
        return epochs;
      }),
    async renewShards(owner, epochs, leaseMs) {
      const { rowCount } = await query('renew-shards', RENEW_SHARDS, [owner, epochs, leaseMs]);
      return rowCount === SHARDS;
    },
    async releaseShards(owner, epochs) {
      await query('release-shards', RELEASE_SHARDS, [owner, epochs]);
    },
  };
}

async function inUse(query: Query, owner: string): Promise<Error> {
  const { rows } = await query('shard-holder', SHARD_HOLDER, [owner]);
  return errors.database_in_use({ seconds: Math.ceil((rows[0]?.leftMs ?? 0) / 1000) });
}
