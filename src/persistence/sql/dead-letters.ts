/** Keeps a message that could not be handled. `$1` id, `$2` address, `$3` event, `$4` error, `$5` attempts. */
export const KEEP_DEAD_LETTER = `
insert into dead_letters (id, address, event, error, attempts)
values ($1::uuid, $2, $3::json, $4::jsonb, $5)`;

/** Where a dead letter came from, so that it is not delivered again. */
export const REMOVE_SOURCE = {
  message: 'delete from messages where id = $1',
  effect: 'delete from effects where id = $1',
  timer: 'delete from timers where address = $1 and timer_id = $2 and incarnation = $3',
} as const;

/**
 * Puts aside the messages whose receiver has not existed for `$1` milliseconds, with the error `$2`. Those that are moot by
 * `$3`, a JSON array of `{kind, type}`, are dropped if the receiver has ended: its journal outlives it.
 */
export const KEEP_ORPHANS = `
with orphan as (
  delete from messages
  where at < now() - $1 * interval '1 millisecond'
    and not exists (select from actors where actors.address = messages.receiver)
  returning receiver, event
)
insert into dead_letters (id, address, event, error, attempts)
select gen_random_uuid(), receiver, event, $2::jsonb, 0 from orphan
where not exists (
    select from json_to_recordset($3::json) as moot (kind text, type text)
    where moot.kind = split_part(receiver, '/', 1) and moot.type = event ->> 'type'
  ) or not exists (select from journal where journal.address = receiver)`;
