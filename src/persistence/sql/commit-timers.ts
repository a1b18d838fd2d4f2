/** Removes timers. `$1`: a JSON array of `{address, timer_id}`. */
export const CANCEL_TIMERS = `
delete from timers using json_to_recordset($1::json) as t (address text, timer_id text)
where timers.address = t.address and timers.timer_id = t.timer_id`;

/** Sets timers, due by the database's clock; a timer of the same name is replaced. `$1`: a JSON array. */
export const SET_TIMERS = `
insert into timers (address, timer_id, incarnation, due_at, event)
select address, timer_id, incarnation, now() + delay_ms * interval '1 millisecond', event
from json_to_recordset($1::json) as t (
  address text, timer_id text, incarnation bigint, delay_ms double precision, event json
)
on conflict (address, timer_id) do update
set incarnation = excluded.incarnation, due_at = excluded.due_at, event = excluded.event`;

/**
 * Timers that are due, oldest first, and the next one that is not. In one statement, because a timer that becomes due between
 * two would be in neither. Those of quarantined actors stay where they are. `$1`: how many due ones at most.
 */
export const DUE_TIMERS = `
(
  select timers.address, timer_id as "timerId", incarnation, event,
    (extract(epoch from due_at - now()) * 1000)::float8 as "dueInMs"
  from timers join actors on actors.address = timers.address and actors.quarantined is null
  where due_at <= now()
  order by due_at
  limit $1
) union all (
  select address, timer_id, incarnation, event, (extract(epoch from due_at - now()) * 1000)::float8
  from timers where due_at > now()
  order by due_at
  limit 1
)`;
