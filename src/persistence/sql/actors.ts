/**
 * Removes actors whose machine has ended, with all that is stored of them but the journal. Messages that still wait for them
 * become dead letters, as those do that come later. `$1`: addresses.
 */
export const REMOVE_ACTORS = `
with gone as (delete from actors where address = any($1::text[])),
timers_gone as (delete from timers where address = any($1::text[])),
effects_gone as (delete from effects where address = any($1::text[]))
delete from stash where address = any($1::text[])`;

/** The rows of actors. `$1`: addresses. */
export const LOAD_ACTORS = `
select address, seq, machine_version as "machineVersion", snapshot,
  quarantined
from actors where address = any($1::text[])`;

export const LOAD_TIMERS = `
select address, timer_id as "timerId", incarnation, event,
  (extract(epoch from due_at - now()) * 1000)::float8 as "dueInMs"
from timers where address = any($1::text[])`;

export const LOAD_EFFECTS = `
select address, id, child_id as "childId", name, input,
  (extract(epoch from deadline_at - now()) * 1000)::float8 as "deadlineInMs"
from effects where address = any($1::text[])`;

/** The oldest messages of each. `$2`: how many of each at most. */
export const LOAD_MESSAGES = `
select oldest.* from unnest($1::text[]) as of (address) cross join lateral (
  select id, sender, receiver, event from messages where receiver = of.address order by position limit $2
) oldest`;

export const LOAD_STASH = `
select address, operation_id as "operationId", event
from stash where address = any($1::text[]) order by position`;

/** Actors that have something to be picked up, with the number of their last turn. Messages to nobody are not work. */
export const ACTORS_WITH_WORK = `
select address, seq, coalesce(messages, false) as messages from (
  select address, bool_or(messages) as messages from (
    select address, false as messages from effects
    union all select address, false from stash
    union all select receiver, true from messages
  ) piece group by address
) work join actors using (address)
where quarantined is null
order by address`;

/** Sets or clears a quarantine. `$1` address, `$2` error or null. */
export const QUARANTINE = 'update actors set quarantined = $2::jsonb where address = $1';
