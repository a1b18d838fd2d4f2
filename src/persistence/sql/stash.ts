/** Keeps a command that waits for the running operation. `$1` operation id, `$2` address, `$3` event. */
export const STASH = 'insert into stash (operation_id, address, event) values ($1::uuid, $2, $3::json)';

/** Takes commands out of the stash; their operations no longer wait. `$1`: the operations' ids. */
export const UNSTASH = `
with taken as (delete from stash where operation_id = any($1::uuid[]) returning operation_id)
update operations set message = null from taken where operations.id = taken.operation_id`;
