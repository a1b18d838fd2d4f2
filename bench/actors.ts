import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Pool } from 'pg';
import { shardOf } from '../src/actors/address.ts';
import { RUNTIME_LIMITS } from '../src/actors/limits.ts';
import { createRuntime, type Runtime } from '../src/actors/runtime.ts';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { ActorKind, Address, EffectSpec } from '../src/actors/types.ts';
import { createServerMachine, SERVER_MACHINE_VERSION, serverStatus } from '../src/machines/server/index.ts';
import { createCommitStore } from '../src/persistence/commit/store.ts';
import { off, running, type Server } from '../test/machines/server-stations.ts';
import { withRealDatabase } from './database.ts';
import type { Benchmark, BenchmarkOptions } from './main.ts';
import { median, rounded } from './report.ts';

const STORED = 100_000;

/** Servers as they lie in the database, brought to life all at once: how long it takes, and what each of them weighs. */
export const actors: Benchmark = {
  about: `activation of ${STORED.toLocaleString('en')} stored servers, and the memory that each takes`,
  run: (options) => withRealDatabase((pool) => measure(pool, options)),
};

async function measure(pool: Pool, { rounds, log }: BenchmarkOptions) {
  const figures: Record<string, unknown> = { stored: STORED };
  const lines: string[] = [];
  // A running server has an effect that watches it, which is started again when the server is activated.
  for (const [state, server] of Object.entries({ stopped: off(), running: running() })) {
    await store(pool, server);
    const samples: { seconds: number; bytes: number }[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const sample = await activateAll(pool);
      samples.push(sample);
      log(`round ${round}, ${state}: ${sample.seconds.toFixed(2)} s, ${Math.round(sample.bytes)} bytes each`);
    }
    const seconds = median(samples.map((sample) => sample.seconds));
    const bytes = median(samples.map((sample) => sample.bytes));
    figures[state] = {
      activation_seconds: rounded(seconds),
      activations_per_second: rounded(STORED / seconds),
      bytes_per_resident: Math.round(bytes),
      raw: {
        activation_seconds: samples.map((sample) => rounded(sample.seconds)),
        bytes_per_resident: samples.map((sample) => Math.round(sample.bytes)),
      },
    };
    lines.push(
      `${state.padEnd(8)} ${STORED} activated in ${seconds.toFixed(2)} s, ${(bytes / 1024).toFixed(1)} KiB of heap each`,
    );
  }
  return { figures, lines };
}

/** The n-th of the stored servers. Made anew each time, so that the runtime holds its own copy and we hold none. */
const addressOf = (n: number): Address => `server/00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

/** Replaces what is stored by so many copies of a server, with its effects. */
async function store(pool: Pool, { snapshot, effects }: Server): Promise<void> {
  const addresses = Array.from({ length: STORED }, (_, n) => addressOf(n));
  const { status } = serverStatus(snapshot);
  const text = JSON.stringify(snapshot.machine.getPersistedSnapshot(snapshot));
  await pool.query('truncate actors, effects');
  await pool.query(
    `insert into actors (address, kind, shard, seq, machine_version, status, snapshot)
     select address, 'server', shard, 1, $3, $4, replace($5, '"id":"s1"', '"id":"' || substr(address, 8) || '"')::json
     from unnest($1::text[], $2::smallint[]) as t (address, shard)`,
    [addresses, addresses.map(shardOf), SERVER_MACHINE_VERSION, status, text],
  );
  for (const [childId, { src, input }] of effects) {
    await pool.query(
      `insert into effects (id, address, child_id, name, incarnation, input)
       select address || ':1:0', address, $1, $2, 1, $3::json from actors`,
      [childId, src, JSON.stringify(input ?? null)],
    );
  }
  await pool.query('analyze actors, effects');
}

/** From the runtime's start until the last of them is in memory and its effects run. */
async function activateAll(pool: Pool): Promise<{ readonly seconds: number; readonly bytes: number }> {
  const runtime = startable(pool);
  const before = await heapUsed();
  const began = performance.now();
  await runtime.start();
  for (let n = 0; n < STORED; n += 1) runtime.actors.send(addressOf(n), { type: 'nothing' });
  // They are read in the order in which they were asked for: when the last one answers, all are there.
  await runtime.actors.ask(addressOf(STORED - 1), { type: 'nothing' }).catch(() => undefined);
  const seconds = (performance.now() - began) / 1000;
  if (runtime.residents() !== STORED) throw new Error(`${runtime.residents()} of ${STORED} servers are in memory`);
  const bytes = ((await heapUsed()) - before) / STORED;
  await runtime.stop();
  return { seconds, bytes };
}

function startable(pool: Pool): Runtime {
  return createRuntime({
    store: createCommitStore(pool, new Map()),
    kinds: [serverKind()],
    ports: systemPorts,
    limits: { ...RUNTIME_LIMITS, residentActors: 2 * STORED },
    owner: 'bench',
    report: (message, details) => process.stderr.write(`${message} ${JSON.stringify(details)}\n`),
    leaseLost: () => process.exit(70),
  });
}

/** Servers whose effects run until they are aborted. */
function serverKind(): ActorKind {
  const endless: EffectSpec = {
    run: (_, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    deadlineMs: null,
    attempts: 1,
  };
  return {
    kind: 'server',
    machine: createServerMachine(),
    commands: [],
    effects: { monitor: endless },
    status: serverStatus,
    operation: () => null,
    ownerId: () => null,
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The heap after garbage was collected, with a moment in between for what is freed in two steps. */
async function heapUsed(): Promise<number> {
  for (let n = 0; n < 3; n += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}
