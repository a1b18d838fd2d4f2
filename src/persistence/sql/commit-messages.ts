/** Stores messages to other actors, in order. `$1`: a JSON array. Sending one twice (the same id) stores it once. */
export const SEND_MESSAGES = `
insert into messages (id, sender, receiver, event)
select id, sender, receiver, event
from rows from (
  json_to_recordset($1::json) as (id text, sender text, receiver text, event json)
) with ordinality as t (id, sender, receiver, event, n)
order by n
on conflict (id) do nothing`;
