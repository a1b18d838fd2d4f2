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
