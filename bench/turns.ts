import type { Pool } from 'pg';
import { RUNTIME_LIMITS } from '../src/actors/limits.ts';
import { createRuntime, type Runtime } from '../src/actors/runtime.ts';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { Address } from '../src/actors/types.ts';
import { createCommitStore } from '../src/persistence/commit/store.ts';
import { projections } from '../src/persistence/sql/projections.ts';
import { type Baseline, type Bytes, groupCommit, oneTransactionEach } from './baselines.ts';
import { counterKind } from './counter.ts';
import { type Cpu, countCpu } from './cpu.ts';
import { ACCOUNT, CONNECTIONS, withRealDatabase } from './database.ts';
import type { Benchmark, BenchmarkOptions } from './main.ts';
import { median, quantile, rounded } from './report.ts';

const CALLERS = [1, 64, 512] as const;
const BATCHES = [64, 128, 256, 512] as const;

/** Durable turns through the runtime, beside the two baselines, in turns so that noise meets all of them alike. */
export const turns: Benchmark = {
  about: 'durable turns a second at 1, 64 and 512 callers, beside the limit and one transaction a turn',
  run: (options) => withRealDatabase((pool, plain) => measure(pool, plain, options)),
};

async function measure(pool: Pool, plain: Pool, { rounds, seconds, log }: BenchmarkOptions) {
  const runtime = await startRuntime(pool);
  const addresses = await makeActors(runtime, Math.max(...CALLERS));
  const { rows } = await pool.query('select snapshot::text as snapshot from actors where address = $1', [addresses[0]]);
  const bytes: Bytes = { addresses: await makeRows(pool, addresses), snapshot: rows[0].snapshot };
  const limits: Baseline[] = [];
  const singles: Baseline[] = [];
  const samples = new Map<number, Sample[]>(CALLERS.map((callers) => [callers, []]));
  for (let round = 0; round <= rounds; round += 1) {
    const limit = await bestGroupCommit(plain, bytes, seconds);
    const single = await oneTransactionEach(plain, bytes, 1, seconds);
    // The first round warms up caches and compiled code, of all sides.
    if (round > 0) limits.push(limit);
    if (round > 0) singles.push(single);
    for (const callers of CALLERS) {
      const own = await ask(pool, runtime, addresses.slice(0, callers), seconds);
      const pooled = await oneTransactionEach(plain, bytes, callers, seconds);
      if (round > 0) samples.get(callers)?.push({ own, pooled });
      const [turns, most, one, many] = [own, limit, single, pooled].map(
        ({ perSecond }) => `${Math.round(perSecond)}/s`,
      );
      log(`round ${round}, ${callers} callers: ${turns}; limit ${most}; single ${one}; pooled ${many}`);
    }
  }
  await runtime.stop();
  return report(samples, limits, singles, bytes.snapshot.length);
}

interface Measured extends Baseline {
  /** Milliseconds, of each ask. */
  readonly took: readonly number[];
}

interface Sample {
  readonly own: Measured;
  /** One transaction a turn, over as many connections as there are. */
  readonly pooled: Baseline;
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

async function ask(pool: Pool, { actors }: Runtime, addresses: readonly Address[], seconds: number): Promise<Measured> {
  const took: number[] = [];
  const cpu = await countCpu(pool);
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
  return { perSecond: (took.length / (performance.now() - began)) * 1000, took, cpu: await cpu(took.length) };
}

async function bestGroupCommit(pool: Pool, bytes: Bytes, seconds: number): Promise<Baseline> {
  const all: Baseline[] = [];
  for (const batch of BATCHES) all.push(await groupCommit(pool, bytes, batch, seconds / BATCHES.length));
  return all.reduce((best, one) => (one.perSecond > best.perSecond ? one : best));
}

function report(
  samples: ReadonlyMap<number, readonly Sample[]>,
  limits: readonly Baseline[],
  singles: readonly Baseline[],
  snapshotBytes: number,
) {
  const [limit, single] = [rate(limits), rate(singles)];
  const callers = Object.fromEntries([...samples].map(([count, all]) => [count, figuresOf(all, limit, single)]));
  const lines = Object.entries(callers).map(
    ([count, f]) =>
      `${count.padStart(4)} callers: ${f.turns_per_second} turns/s, p50 ${f.p50_ms} ms, p99 ${f.p99_ms} ms; ${f.ratio_to_limit} of the limit (${f.limit_per_second}/s), ${f.ratio_to_single} × one transaction a turn (${f.single_per_second}/s), ${f.ratio_to_pooled} × that over ${CONNECTIONS} connections (${f.pooled_per_second}/s); processor time of a turn: ${f.cpu_us.node} µs + ${f.cpu_us.postgres} µs in PostgreSQL`,
  );
  const cpu = cpuOf(limits);
  lines.push(`the limit’s processor time of a turn: ${cpu.node} µs + ${cpu.postgres} µs in PostgreSQL`);
  const baselines = {
    limit: { cpu_us: cpu, raw: rawOf(limits) },
    single: { cpu_us: cpuOf(singles), raw: rawOf(singles) },
  };
  return { figures: { snapshot_bytes: snapshotBytes, ...baselines, callers }, lines };
}

const rate = (all: readonly Baseline[]): number => median(all.map(({ perSecond }) => perSecond));

const rawOf = (all: readonly Baseline[]): readonly number[] => all.map(({ perSecond }) => Math.round(perSecond));

function figuresOf(samples: readonly Sample[], limit: number, single: number) {
  const own = samples.map((sample) => sample.own);
  const pooled = samples.map((sample) => sample.pooled);
  const p99 = own.map(({ took }) => quantile(took, 0.99));
  return {
    turns_per_second: rounded(rate(own)),
    p50_ms: rounded(median(own.map(({ took }) => quantile(took, 0.5)))),
    p99_ms: rounded(median(p99)),
    limit_per_second: rounded(limit),
    single_per_second: rounded(single),
    pooled_per_second: rounded(rate(pooled)),
    ratio_to_limit: rounded(rate(own) / limit),
    ratio_to_single: rounded(rate(own) / single),
    ratio_to_pooled: rounded(rate(own) / rate(pooled)),
    cpu_us: cpuOf(own),
    pooled_cpu_us: cpuOf(pooled),
    raw: {
      turns_per_second: rawOf(own),
      p99_ms: p99.map((ms) => rounded(ms)),
      pooled_per_second: rawOf(pooled),
    },
  };
}

/** Microseconds a turn. */
const cpuOf = (all: readonly Baseline[]): Cpu => ({
  node: rounded(median(all.map(({ cpu }) => cpu.node))),
  postgres: rounded(median(all.map(({ cpu }) => cpu.postgres))),
});
