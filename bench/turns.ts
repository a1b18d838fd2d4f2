import type { Pool } from 'pg';
import { RUNTIME_LIMITS } from '../src/actors/limits.ts';
import { createRuntime, type Runtime } from '../src/actors/runtime.ts';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { Address } from '../src/actors/types.ts';
import { createCommitStore } from '../src/persistence/commit/store.ts';
import { projections } from '../src/persistence/sql/projections.ts';
import { type Bytes, groupCommit, oneTransactionEach } from './baselines.ts';
import { counterKind } from './counter.ts';
import { ACCOUNT, withRealDatabase } from './database.ts';
import type { Benchmark, BenchmarkOptions } from './main.ts';
import { median, quantile, rounded } from './report.ts';

const CALLERS = [1, 64, 512] as const;
const BATCHES = [64, 128, 256, 512] as const;

/** Durable turns through the runtime, beside the two baselines, in turns so that noise meets all of them alike. */
export const turns: Benchmark = {
  about: 'durable turns a second at 1, 64 and 512 callers, beside the limit and one transaction a turn',
  run: (options) => withRealDatabase((pool) => measure(pool, options)),
};

async function measure(pool: Pool, { rounds, seconds, log }: BenchmarkOptions) {
  const runtime = await startRuntime(pool);
  const addresses = await makeActors(runtime, Math.max(...CALLERS));
  const { rows } = await pool.query('select snapshot::text as snapshot from actors where address = $1', [addresses[0]]);
  const bytes: Bytes = { addresses: await makeRows(pool, addresses), snapshot: rows[0].snapshot };
  const limits: number[] = [];
  const samples = new Map(CALLERS.map((callers) => [callers, new Samples()]));
  for (let round = 0; round <= rounds; round += 1) {
    const best = await bestGroupCommit(pool, bytes, seconds);
    if (round > 0) limits.push(best);
    for (const callers of CALLERS) {
      const own = await ask(runtime, addresses.slice(0, callers), seconds);
      const single = await oneTransactionEach(pool, bytes, callers, seconds);
      // The first round warms up caches and compiled code, of both sides.
      if (round > 0) samples.get(callers)?.add(own, single);
      log(
        `round ${round}, ${callers} callers: ${Math.round(own.perSecond)}/s; limit ${Math.round(best)}/s; single ${Math.round(single)}/s`,
      );
    }
  }
  await runtime.stop();
  return figuresOf(samples, median(limits), bytes.snapshot.length, limits);
}

class Samples {
  readonly perSecond: number[] = [];
  readonly p50: number[] = [];
  readonly p99: number[] = [];
  readonly single: number[] = [];

  add(own: Measured, single: number): void {
    this.perSecond.push(own.perSecond);
    this.p50.push(quantile(own.took, 0.5));
    this.p99.push(quantile(own.took, 0.99));
    this.single.push(single);
  }
}

interface Measured {
  readonly perSecond: number;
  readonly took: readonly number[];
}

async function startRuntime(pool: Pool): Promise<Runtime> {
  const runtime = createRuntime({
    store: createCommitStore(pool, projections),
    kinds: [counterKind],
    ports: systemPorts,
    limits: RUNTIME_LIMITS,
    owner: 'bench',
    report: (message, details) => process.stderr.write(`${message} ${JSON.stringify(details)}\n`),
    leaseLost: () => process.exit(70),
  });
  await runtime.start();
  return runtime;
}

async function makeActors({ actors }: Runtime, count: number): Promise<readonly Address[]> {
  const by = { accountId: ACCOUNT, name: 'bench', admin: true };
  const addresses = Array.from({ length: count }, () => `counter/${systemPorts.id()}` as const);
  await Promise.all(addresses.map((address) => actors.create(address, {}, 'create', { by })));
  return addresses;
}

/** Rows of the same bytes for the baselines, which must not disturb the runtime's own. */
async function makeRows(pool: Pool, addresses: readonly string[]): Promise<readonly string[]> {
  await pool.query(
    `insert into actors (address, kind, shard, seq, machine_version, status, snapshot)
     select replace(address, 'counter/', 'plainer/'), kind, shard, 1, machine_version, status, snapshot from actors`,
  );
  return addresses.map((address) => address.replace('counter/', 'plainer/'));
}

async function ask({ actors }: Runtime, addresses: readonly Address[], seconds: number): Promise<Measured> {
  const took: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  const call = async (address: Address) => {
    while (performance.now() < end) {
      const at = performance.now();
      await actors.ask(address, { type: 'tick' });
      took.push(performance.now() - at);
    }
  };
  await Promise.all(addresses.map(call));
  return { perSecond: (took.length / (performance.now() - began)) * 1000, took };
}

async function bestGroupCommit(pool: Pool, bytes: Bytes, seconds: number): Promise<number> {
  const all: number[] = [];
  for (const batch of BATCHES) all.push(await groupCommit(pool, bytes, batch, seconds / BATCHES.length));
  return Math.max(...all);
}

function figuresOf(
  samples: ReadonlyMap<number, Samples>,
  limit: number,
  snapshotBytes: number,
  limits: readonly number[],
) {
  const callers = Object.fromEntries(
    [...samples].map(([count, { perSecond, p50, p99, single }]) => {
      const own = median(perSecond);
      return [
        count,
        {
          turns_per_second: rounded(own),
          p50_ms: rounded(median(p50)),
          p99_ms: rounded(median(p99)),
          limit_per_second: rounded(limit),
          single_per_second: rounded(median(single)),
          ratio_to_limit: rounded(own / limit),
          ratio_to_single: rounded(own / median(single)),
          raw: {
            turns_per_second: perSecond.map(Math.round),
            p99_ms: p99.map((ms) => rounded(ms)),
            single_per_second: single.map(Math.round),
          },
        },
      ];
    }),
  );
  const lines = Object.entries(callers).map(
    ([count, f]) =>
      `${count.padStart(4)} callers: ${f.turns_per_second} turns/s, p50 ${f.p50_ms} ms, p99 ${f.p99_ms} ms; ${f.ratio_to_limit} of the limit (${f.limit_per_second}/s), ${f.ratio_to_single} × one transaction a turn (${f.single_per_second}/s)`,
  );
  return { figures: { snapshot_bytes: snapshotBytes, limit_raw: limits.map(Math.round), callers }, lines };
}
