/** An operation's columns under the names of the `Operation` type. */
const columns = (table: string): string =>
  `${table}.id, ${table}.command, ${table}.target, ${table}.account_id as "accountId", ${table}.status, ${table}.progress,
  ${table}.message, ${table}.error, ${table}.created_at as "createdAt", ${table}.finished_at as "finishedAt",
  ${table}.fingerprint`;

/** Begins operations. `$1`: a JSON array. */
export const BEGIN_OPERATIONS = `
insert into operations as o (id, command, target, account_id, status, message, idempotency_key, fingerprint)
select id, command, target, account_id, 'running', message, idempotency_key, fingerprint
from json_to_recordset($1::json) as t (
  id uuid, command text, target text, account_id uuid, message text, idempotency_key text, fingerprint text
)
returning ${columns('o')}`;

/** Ends operations that are running. `$1`: a JSON array. */
export const END_OPERATIONS = `
update operations as o set status = t.status, message = t.message, error = t.error,
  progress = case when t.status = 'succeeded' then 1 else o.progress end, finished_at = now()
from json_to_recordset($1::json) as t (id uuid, status text, message text, error jsonb)
where o.id = t.id and o.status = 'running'
returning ${columns('o')}`;

/** Shows how far a running operation is. `$1` id, `$2` progress, `$3` message. */
export const PROGRESS_OPERATION = `
update operations set progress = coalesce($2::real, progress), message = $3
where id = $1::uuid and status = 'running'
returning id`;

export const OPERATION = `select ${columns('o')} from operations o where o.id = $1::uuid`;

export const OPERATION_BY_KEY = `
select ${columns('o')} from operations o where o.account_id = $1::uuid and o.idempotency_key = $2`;
