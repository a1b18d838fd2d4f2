/** Removes actors whose machine has ended, with all that is stored of them but the journal. `$1`: addresses. */
export const REMOVE_ACTORS = `
with gone as (delete from actors where address = any($1::text[])),
timers_gone as (delete from timers where address = any($1::text[])),
effects_gone as (delete from effects where address = any($1::text[]))
delete from messages where receiver = any($1::text[])`;

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

export const LOAD_MESSAGES = `
select id, sender, receiver, event
from messages where receiver = any($1::text[]) order by position`;

export const LOAD_STASH = `
select address, operation_id as "operationId", event
from stash where address = any($1::text[]) order by position`;

/** Actors that have something to be picked up again. Messages to actors that do not exist any more are not work. */
export const ACTORS_WITH_WORK = `
select address from actors
where quarantined is null and (
  exists (select from effects where effects.address = actors.address)
  or exists (select from messages where messages.receiver = actors.address)
  or exists (select from stash where stash.address = actors.address)
)
order by address`;

/** Sets or clears a quarantine. `$1` address, `$2` error or null. */
export const QUARANTINE = 'update actors set quarantined = $2::jsonb where address = $1';
