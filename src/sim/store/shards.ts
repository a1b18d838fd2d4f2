import { SHARDS } from '../../actors/address.ts';
import type { CommitStore } from '../../actors/store.ts';
import { errors } from '../../persistence/errors.ts';
import type { ShardRow, Tables } from './tables.ts';

const FREE: ShardRow = { owner: null, epoch: 0, expiresAt: 0 };

/** The lease of the shards, by the database's clock. */
export function shardLease(
  { shards }: Tables,
  now: () => number,
): Pick<CommitStore, 'claimShards' | 'renewShards' | 'releaseShards'> {
  const all = Array.from({ length: SHARDS }, (_, shard) => shard);
  const rowOf = (shard: number): ShardRow => shards.get(shard) ?? FREE;
  const ours = (owner: string, epochs: readonly number[]) =>
    all.filter((shard) => rowOf(shard).owner === owner && rowOf(shard).epoch === epochs[shard]);

  return {
    async claimShards(owner, leaseMs) {
      const others = all.map(rowOf).filter((row) => row.owner !== null && row.owner !== owner && row.expiresAt > now());
      if (others.length > 0) {
        const leftMs = Math.max(...others.map(({ expiresAt }) => expiresAt)) - now();
        throw errors.database_in_use({ seconds: Math.ceil(leftMs / 1000) });
      }
      for (const shard of all) {
        shards.set(shard, { owner, epoch: rowOf(shard).epoch + 1, expiresAt: now() + leaseMs });
      }
      return all.map((shard) => rowOf(shard).epoch);
    },
    async renewShards(owner, epochs, leaseMs) {
      const held = ours(owner, epochs);
      for (const shard of held) shards.set(shard, { ...rowOf(shard), expiresAt: now() + leaseMs });
      return held.length === SHARDS;
    },
    async releaseShards(owner, epochs) {
      for (const shard of ours(owner, epochs)) shards.set(shard, { ...rowOf(shard), owner: null, expiresAt: 0 });
    },
  };
}
