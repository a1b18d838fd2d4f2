import type { QueryResult } from 'pg';
import { SHARDS } from '../../actors/address.ts';
import type { CommitStore } from '../../actors/store.ts';
import { errors } from '../errors.ts';
import { CLAIM_SHARDS, MAKE_SHARDS, RELEASE_SHARDS, RENEW_SHARDS, SHARD_HOLDER } from '../sql/shards.ts';

type Query = (name: string, text: string, values: readonly unknown[]) => Promise<QueryResult>;

/** The lease of the shards: which process may write actors. The database's clock decides. */
export function shardLease(query: Query): Pick<CommitStore, 'claimShards' | 'renewShards' | 'releaseShards'> {
  return {
    async claimShards(owner, leaseMs) {
      await query('make-shards', MAKE_SHARDS, [SHARDS]);
      const { rows } = await query('claim-shards', CLAIM_SHARDS, [owner, leaseMs]);
      if (rows.length === 0) {
        const { rows: holders } = await query('shard-holder', SHARD_HOLDER, [owner]);
        const seconds = Math.ceil((holders[0]?.leftMs ?? 0) / 1000);
        throw errors.database_in_use({ seconds });
      }
      const epochs: number[] = Array(SHARDS).fill(0);
      for (const { shard, epoch } of rows as { shard: number; epoch: number }[]) epochs[shard] = epoch;
      return epochs;
    },
    async renewShards(owner, leaseMs) {
      const { rowCount } = await query('renew-shards', RENEW_SHARDS, [owner, leaseMs]);
      return rowCount === SHARDS;
    },
    async releaseShards(owner) {
      await query('release-shards', RELEASE_SHARDS, [owner]);
    },
  };
}
