/**
 * What a turn is measured against, with the same bytes in the same tables: PostgreSQL's own group commit, where a client
 * does nothing but hand over batches (the limit), and one transaction for each turn.
 */
import type { Pool } from 'pg';

/** What is written of each turn: the row's address, its new snapshot, its journal entry. */
export interface Bytes {
  readonly addresses: readonly string[];
  readonly snapshot: string;
}

const BULK = `
with turn as (select * from unnest($1::text[], $2::bigint[], $3::json[]) as t (address, seq, snapshot)),
written as (
  update actors set seq = turn.seq, snapshot = turn.snapshot, status = 'odd', machine_version = '1', updated_at = now()
  from turn where actors.address = turn.address returning actors.address
)
insert into journal (address, seq, event, by, from_state, to_state, operation_id, effects, duration_ms)
select address, seq, 'tick', null, 'even', 'odd', null, '{}', 0.1 from turn`;

const UPDATE = `
update actors set seq = $2, snapshot = $3, status = 'odd', machine_version = '1', updated_at = now()
where address = $1 and seq < $2`;

const JOURNAL = `
insert into journal (address, seq, event, by, from_state, to_state, operation_id, effects, duration_ms)
values ($1, $2, 'tick', null, 'even', 'odd', null, '{}', 0.1)`;

/** Turns a second when one client hands over batches of this size, one after another. */
export async function groupCommit(
  pool: Pool,
  { addresses, snapshot }: Bytes,
  batch: number,
  seconds: number,
): Promise<number> {
  const own = addresses.slice(0, batch);
  const snapshots = own.map(() => snapshot);
  let [turns, seq] = [0, 1_000_000];
  const began = performance.now();
  const end = began + seconds * 1000;
  while (performance.now() < end) {
    seq += 1;
    await pool.query({ name: 'bulk', text: BULK, values: [own, own.map(() => seq), snapshots] });
    turns += own.length;
  }
  return (turns / (performance.now() - began)) * 1000;
}

/** Turns a second when so many callers make a transaction for each turn: begin, update, insert, commit. */
export async function oneTransactionEach(
  pool: Pool,
  { addresses, snapshot }: Bytes,
  callers: number,
  seconds: number,
): Promise<number> {
  let turns = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  const call = async (address: string) => {
    for (let seq = 2_000_000; performance.now() < end; seq += 1) {
      const client = await pool.connect();
      await client.query('begin');
      await client.query({ name: 'update', text: UPDATE, values: [address, seq, snapshot] });
      await client.query({ name: 'journal', text: JOURNAL, values: [address, seq] });
      await client.query('commit');
      client.release();
      turns += 1;
    }
  };
  await Promise.all(addresses.slice(0, callers).map(call));
  return (turns / (performance.now() - began)) * 1000;
}
