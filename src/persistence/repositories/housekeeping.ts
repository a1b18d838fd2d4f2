import type { Housekeeping, Retention, SweepCounts } from '../../conductor/interfaces/stores.ts';
import type { Database } from '../database.ts';
import { translating } from '../errors.ts';
import type { Share } from '../share.ts';

/**
 * Each takes $1, an age in milliseconds, and $2, the size of a batch. The two logs are in the order of their ids, near
 * enough: only the oldest rows are looked at, and neither log needs an index on its time for this. The newest event stays
 * whatever its age, because it says where the log stands.
 */
const STATEMENTS: Readonly<Record<keyof SweepCounts, { readonly text: string; age(retention: Retention): number }>> = {
  journal: {
    text: `delete from journal where id in (select id from journal order by id limit $2)
           and at < now() - $1 * interval '1 millisecond'`,
    age: ({ journalMs }) => journalMs,
  },
  events: {
    text: `delete from events where seq in (select seq from events order by seq limit $2)
           and at < now() - $1 * interval '1 millisecond' and seq < (select max(seq) from events)`,
    age: ({ eventsMs }) => eventsMs,
  },
  operations: {
    text: `delete from operations where id in (
             select id from operations where idempotency_key is null and finished_at < now() - $1 * interval '1 millisecond'
             order by finished_at limit $2)`,
    age: ({ operationsMs }) => operationsMs,
  },
  deadLetters: {
    text: `delete from dead_letters where id in (
             select id from dead_letters where at < now() - $1 * interval '1 millisecond' limit $2)`,
    age: ({ deadLettersMs }) => deadLettersMs,
  },
};

export function housekeeping({ shared }: Database): Housekeeping {
  return {
    sweep: (retention, signal) =>
      translating(async () => ({
        journal: await inBatches(shared, 'journal', retention, signal),
        events: await inBatches(shared, 'events', retention, signal),
        operations: await inBatches(shared, 'operations', retention, signal),
        deadLetters: await inBatches(shared, 'deadLetters', retention, signal),
      })),
  };
}

async function inBatches(
  shared: Share,
  what: keyof SweepCounts,
  retention: Retention,
  signal?: AbortSignal,
): Promise<number> {
  const { text, age } = STATEMENTS[what];
  let removed = 0;
  while (!signal?.aborted) {
    const { rowCount } = await shared.query(text, [age(retention), retention.batchRows]);
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < retention.batchRows) break;
  }
  return removed;
}
