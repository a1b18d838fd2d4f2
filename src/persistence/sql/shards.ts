/** Makes the rows of the shards, once. `$1`: how many. */
export const MAKE_SHARDS = `
insert into shards (shard) select generate_series(0, $1 - 1) on conflict do nothing`;

/**
 * Takes every shard that is free, ours or whose lease has run out, each with a new epoch. The condition stands on the row
 * itself, so that of two processes that claim at once the later one sees what the other has taken. `$1` owner, `$2` lease in
 * ms. The caller gives all of them up unless it got all of them.
 */
export const CLAIM_SHARDS = `
update shards set owner = $1, epoch = epoch + 1, expires_at = now() + $2 * interval '1 millisecond'
where owner is null or owner = $1 or expires_at <= now()
returning shard, epoch`;

/** Who holds shards that are not ours, and for how long still. `$1` owner. */
export const SHARD_HOLDER = `
select owner, (extract(epoch from max(expires_at) - now()) * 1000)::float8 as "leftMs"
from shards where owner <> $1 and expires_at > now() group by owner limit 1`;

/** The shards that are ours under the epochs `$2` (in the order of the shards), by row number from 1. `$1` owner. */
const OURS = `
from unnest($2::bigint[]) with ordinality as held (epoch, number)
where shards.owner = $1 and shards.shard = held.number - 1 and shards.epoch = held.epoch`;

/**
 * Whether a shard is still ours, which it then stays until this transaction has ended: one that claims it waits, and so finds
 * what is written here. `$1` shard, `$2` epoch.
 */
export const HOLD_SHARD = 'select from shards where shard = $1 and epoch = $2 for share';

/** `$3` lease in ms. */
export const RENEW_SHARDS = `
update shards set expires_at = now() + $3 * interval '1 millisecond' ${OURS}`;

export const RELEASE_SHARDS = `update shards set owner = null, expires_at = null ${OURS}`;
