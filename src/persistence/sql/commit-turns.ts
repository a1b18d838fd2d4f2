/**
 * What is still needed of a turn whose row was written. It comes out of the update itself: joining the batch with what was
 * written costs the square of its size, because PostgreSQL expects a handful of rows of either. For the same reason those that
 * were made are looked for with `is true`: then it makes a hash of them instead of a join.
 */
const DONE = `owned.address, owned.seq, owned.event, owned.by, owned.from_state, owned.to_state, owned.operation_id,
    owned.effects, owned.duration_ms, owned.consumes`;

/**
 * Writes the snapshots and journal rows of a batch of turns, and removes the messages that they consume. A turn is written
 * only if its shard is still ours, the actor's row is at the sequence number before, and its message is still there.
 *
 * `$1` to `$15` are the columns of the batch, one array each (`effects` as array literals); `$16` is a JSON array of the
 * snapshots in the same order, which PostgreSQL takes apart without looking into them. The whole batch as one JSON array
 * costs half as much again, because every value in it is unescaped. Answers the addresses that were written.
 *
 * The shard's epoch is read without a lock. A take-over that commits meanwhile cannot be harmed by it: the new owner either
 * loads what we wrote, or its own write makes ours find another sequence number.
 */
export const COMMIT_TURNS = `
with owned as (
  select turn.* from rows from (
    unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
      $9::text[], $10::text[], $11::text[], $12::uuid[], $13::text[], $14::real[], $15::text[]),
    json_array_elements($16::json)
  ) as turn (
    address, kind, shard, epoch, seq, machine_version, status, event,
    by, from_state, to_state, operation_id, effects, duration_ms, consumes, snapshot
  ) join shards on shards.shard = turn.shard and shards.epoch = turn.epoch
  where turn.consumes is null or exists (select from messages where messages.id = turn.consumes)
), made as (
  insert into actors (address, kind, shard, seq, machine_version, status, snapshot)
  select address, kind, shard, seq, machine_version, status, snapshot from owned where seq = 1
  on conflict do nothing
  returning address
), advanced as (
  update actors set seq = owned.seq, machine_version = owned.machine_version, status = owned.status,
    snapshot = owned.snapshot, updated_at = now()
  from owned
  where actors.address = owned.address and actors.seq = owned.seq - 1 and owned.seq > 1
  returning ${DONE}
), done as (
  select * from advanced
  union all
  select ${DONE} from owned where seq = 1 and (address in (select address from made)) is true
), consumed as (
  delete from messages using done where messages.id = done.consumes
), journaled as (
  insert into journal (address, seq, event, by, from_state, to_state, operation_id, effects, duration_ms)
  select address, seq, event, by, from_state, to_state, operation_id, effects::text[], duration_ms from done
)
select address from done`;
