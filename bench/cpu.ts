import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';

/** Processor time in microseconds, which says what work costs however many others use the machine. */
export interface Cpu {
  readonly node: number;
  /** Of all the database's processes; NaN where the system does not tell (only Linux does). */
  readonly postgres: number;
}

/** Starts to count; the returned function answers what was used since, for each of so many pieces of work. */
export async function countCpu(pool: Pool): Promise<(pieces: number) => Promise<Cpu>> {
  const before = await postgresTimes(pool);
  const own = process.cpuUsage();
  return async (pieces) => {
    const { user, system } = process.cpuUsage(own);
    let postgres = 0;
    for (const [pid, time] of await postgresTimes(pool)) postgres += time - (before.get(pid) ?? 0);
    return { node: (user + system) / pieces, postgres: postgres / pieces };
  };
}

async function postgresTimes(pool: Pool): Promise<ReadonlyMap<number, number>> {
  const { rows } = await pool.query('select pid from pg_stat_activity');
  return new Map(rows.map(({ pid }: { pid: number }) => [pid, timeOf(pid)]));
}

/** The first field of `schedstat` is the time on a processor in nanoseconds. */
function timeOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return Number.NaN;
  }
}
