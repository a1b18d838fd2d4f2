/**
 * What a turn is measured against, with the same bytes in the same tables: PostgreSQL's own group commit, where a client
 * does nothing but hand over batches (the limit), and one transaction for each turn.
 */
import type { Pool } from 'pg';
import { type Cpu, countCpu } from './cpu.ts';

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

/** What a baseline came to. */
export interface Baseline {
  readonly perSecond: number;
  readonly cpu: Cpu;
}

/** Each write has a higher sequence number than all before it, so that none of them finds nothing to do. */
let lastSeq = 1_000_000;

/** When one client hands over batches of this size, one after another. */
export async function groupCommit(
  pool: Pool,
  { addresses, snapshot }: Bytes,
  batch: number,
  seconds: number,
): Promise<Baseline> {
  const own = addresses.slice(0, batch);
  const snapshots = own.map(() => snapshot);
  let turns = 0;
  const cpu = await countCpu(pool);
  const began = performance.now();
  const end = began + seconds * 1000;
  while (performance.now() < end) {
    lastSeq += 1;
    const seq = lastSeq;
    await pool.query({ name: 'bulk', text: BULK, values: [own, own.map(() => seq), snapshots] });
    turns += own.length;
  }
  return { perSecond: (turns / (performance.now() - began)) * 1000, cpu: await cpu(turns) };
}

/** When so many callers make a transaction for each turn: begin, update, insert, commit. */
export async function oneTransactionEach(
  pool: Pool,
  { addresses, snapshot }: Bytes,
  callers: number,
  seconds: number,
): Promise<Baseline> {
  let turns = 0;
  const cpu = await countCpu(pool);
  const began = performance.now();
  const end = began + seconds * 1000;
  const call = async (address: string) => {
    while (performance.now() < end) {
      lastSeq += 1;
      const seq = lastSeq;
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
  return { perSecond: (turns / (performance.now() - began)) * 1000, cpu: await cpu(turns) };
}
