/** Appends to the event log, in order. `$1`: a JSON array. Answers sequence number and time of each. */
export const APPEND_EVENTS = `
insert into events (type, subject_kind, subject_id, owner_id, data)
select type, subject_kind, subject_id, owner_id, data
from rows from (
  json_to_recordset($1::json) as (type text, subject_kind text, subject_id text, owner_id uuid, data json)
) with ordinality as t (type, subject_kind, subject_id, owner_id, data, n)
order by n
returning seq, at`;
