/** What must be true of the stored rows whenever nothing is being written, whatever happened before. */
import type { Pool } from 'pg';

/** Each statement answers the rows that break its rule. */
const RULES: Readonly<Record<string, string>> = {
  'an actor has one journal row for each of its turns': `
    select address, actors.seq, count(journal.seq) as turns, max(journal.seq) as newest
    from actors left join journal using (address)
    group by address, actors.seq
    having count(journal.seq) <> actors.seq or count(distinct journal.seq) <> actors.seq or max(journal.seq) <> actors.seq`,
  'an effect belongs to a child that its actor has': `
    select effects.address, child_id from effects left join actors using (address)
    where snapshot is null or not (snapshot::jsonb -> 'children') ? child_id`,
  'a child of an actor has its effect': `
    select address, child from actors, jsonb_object_keys(snapshot::jsonb -> 'children') as child
    where snapshot ->> 'status' = 'active'
      and not exists (select from effects where effects.address = actors.address and child_id = child)`,
  'a burning lamp has its timer, and no other lamp has it': `
    select actors.address, snapshot ->> 'value' as state, timer_id from actors
    left join timers on timers.address = actors.address and timer_id = 'xstate.after.burn.lamp.on'
    where (snapshot ->> 'value' = 'on') <> (timer_id is not null)`,
  'a timer, an effect, a stashed command belongs to an actor': `
    select address from (
      select address from timers union all select address from effects union all select address from stash
    ) piece where not exists (select from actors where actors.address = piece.address)`,
  'an operation that runs is its actor’s, or waits in its stash': `
    select operations.id, operations.command, snapshot -> 'context' -> 'operation' as current
    from operations left join actors on address = target
    where operations.status = 'running'
      and coalesce(snapshot -> 'context' -> 'operation' ->> 'id', '') <> operations.id::text
      and not exists (select from stash where operation_id = operations.id)`,
  'an operation that an actor is busy with runs': `
    select address, operations.status from actors
    left join operations on operations.id = (snapshot -> 'context' -> 'operation' ->> 'id')::uuid
    where snapshot -> 'context' -> 'operation' ->> 'id' is not null and operations.status is distinct from 'running'`,
  'a stashed command has an operation that runs': `
    select operation_id from stash left join operations on operations.id = operation_id
    where operations.status is distinct from 'running'`,
  'an operation that has ended has a time, and one that runs has none': `
    select id, status, finished_at from operations where (status = 'running') <> (finished_at is null)`,
};

/** The rules that the rows break, each with the rows. */
export async function broken(pool: Pool): Promise<readonly { rule: string; rows: readonly unknown[] }[]> {
  const found: { rule: string; rows: readonly unknown[] }[] = [];
  for (const [rule, sql] of Object.entries(RULES)) {
    const { rows } = await pool.query(sql);
    if (rows.length > 0) found.push({ rule, rows });
  }
  return found;
}
