/** Removes effects that ended or were left. `$1`: their ids. */
export const END_EFFECTS = 'delete from effects where id = any($1::text[])';

/**
 * Records effects that are about to run, with their deadline by the database's clock. An effect without input has the JSON
 * value `null`, which a record would make SQL's. `$1`: a JSON array.
 */
export const START_EFFECTS = `
insert into effects (id, address, child_id, name, incarnation, input, deadline_at)
select id, address, child_id, name, incarnation, coalesce(input, 'null'), now() + deadline_ms * interval '1 millisecond'
from json_to_recordset($1::json) as t (
  id text, address text, child_id text, name text, incarnation bigint, input json, deadline_ms double precision
)`;
