/** Makes the rows of the shards, once. `$1`: how many. */
export const MAKE_SHARDS = `
insert into shards (shard) select generate_series(0, $1 - 1) on conflict do nothing`;

/**
 * Takes all shards, each with a new epoch, unless another process holds one whose lease has not run out. `$1` owner, `$2` lease
 * in ms.
 */
export const CLAIM_SHARDS = `
update shards set owner = $1, epoch = epoch + 1, expires_at = now() + $2 * interval '1 millisecond'
where not exists (select from shards other where other.owner <> $1 and other.expires_at > now())
returning shard, epoch`;

/** Who holds shards that are not ours, and for how long still. `$1` owner. */
export const SHARD_HOLDER = `
select owner, (extract(epoch from max(expires_at) - now()) * 1000)::float8 as "leftMs"
from shards where owner <> $1 and expires_at > now() group by owner limit 1`;

/** `$1` owner, `$2` lease in ms. */
export const RENEW_SHARDS = `
update shards set expires_at = now() + $2 * interval '1 millisecond' where owner = $1`;

export const RELEASE_SHARDS = 'update shards set owner = null, expires_at = null where owner = $1';
