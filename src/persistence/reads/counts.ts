import type { Reads } from '../../conductor/interfaces/reads.ts';
import type { Share } from '../share.ts';

type Counts = Awaited<ReturnType<Reads['counts']>>;

const TEXT = `
  select
    (select coalesce(json_object_agg(status, n), '{}') from (select status, count(*) as n from servers group by status) s) as servers,
    (select coalesce(json_object_agg(status, n), '{}') from (select status, count(*) as n from operations group by status) o) as operations,
    (select count(*) from dead_letters) as "deadLetters",
    (select count(*) from actors where quarantined is not null) as quarantined,
    (select count(*) from timers) as timers,
    (select count(*) from effects) as effects,
    (select count(*) from messages) as messages`;

/** Everything that the metrics count, from one moment. */
export async function counts(shared: Share): Promise<Counts> {
  const { rows } = await shared.query<Counts>(TEXT);
  if (rows[0] === undefined) throw new Error('a select without a table gives one row');
  return rows[0];
}
