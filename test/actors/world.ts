/** Starts runtimes on a test's database. Several one after another on the same data play the part of restarts. */
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import type { Pool } from 'pg';
import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/actors/limits.ts';
import { createRuntime, type Runtime } from '../../src/actors/runtime.ts';
import type { CommitStore } from '../../src/actors/store.ts';
import { systemPorts } from '../../src/actors/system-ports.ts';
import type { ActorKind, Address, Operation, Principal, Turn } from '../../src/actors/types.ts';
import { createCommitStore } from '../../src/persistence/commit/store.ts';
import type { ProjectionStatement } from '../../src/persistence/sql/projection.ts';
import { projections } from '../../src/persistence/sql/projections.ts';

export interface World {
  readonly runtime: Runtime;
  readonly store: CommitStore;
  readonly admin: Principal;
  readonly reports: { message: string; details: Record<string, unknown> }[];
  /** Resolves with the next committed turn that fits. */
  turn(fits: (turn: Turn) => boolean): Promise<Turn>;
  /** Makes a lamp and returns its address. */
  lamp(input?: Record<string, unknown>): Promise<Address>;
  command(address: Address, type: string, rest?: Record<string, unknown>): Promise<Operation>;
}

export interface WorldOptions {
  readonly limits?: Partial<RuntimeLimits>;
  readonly owner?: string;
  readonly wrap?: (store: CommitStore) => CommitStore;
  readonly projections?: ReadonlyMap<string, ProjectionStatement>;
}

/** The limits of tests: little patience. */
export const TEST_LIMITS: RuntimeLimits = { ...RUNTIME_LIMITS, retryBaseMs: 10, pollMs: 200, sweepMs: 300 };

export async function startWorld(
  t: ExecutionContext,
  { pool }: { readonly pool: Pool },
  kinds: readonly ActorKind[],
  options: WorldOptions = {},
): Promise<World> {
  const admin = await ensureAdmin(pool);
  const plain = createCommitStore(pool, options.projections ?? projections);
  const store = options.wrap?.(plain) ?? plain;
  const reports: World['reports'] = [];
  const runtime = createRuntime({
    store,
    kinds,
    ports: systemPorts,
    limits: { ...TEST_LIMITS, ...options.limits },
    owner: options.owner ?? 'test',
    report: (message, details) => reports.push({ message, details }),
    leaseLost: () => reports.push({ message: 'lease lost', details: {} }),
  });
  await runtime.start();
  let stopped: Promise<void> | undefined;
  const stop = runtime.stop;
  runtime.stop = () => {
    stopped ??= stop();
    return stopped;
  };
  t.teardown(() => runtime.stop());
  const { actors } = runtime;
  return {
    runtime,
    store,
    admin,
    reports,
    turn: (fits) => nextTurn(runtime, fits),
    async lamp(input = {}) {
      const address = newLamp();
      await actors.create(address, input, 'create', { by: admin });
      return address;
    },
    command: (address, type, rest = {}) => actors.command(address, { type, ...rest }, { by: admin }),
  };
}

function nextTurn(runtime: Runtime, fits: (turn: Turn) => boolean): Promise<Turn> {
  return new Promise((resolve) => {
    const stop = runtime.inspection.onTurn((turn) => {
      if (!fits(turn)) return;
      stop();
      resolve(turn);
    });
  });
}

async function ensureAdmin(pool: Pool): Promise<Principal> {
  await pool.query(`insert into accounts (id, name, role) values ($1, 'admin', 'admin') on conflict do nothing`, [
    randomUUID(),
  ]);
  const { rows } = await pool.query(`select id from accounts where name = 'admin'`);
  return { accountId: rows[0].id, name: 'admin', admin: true };
}

export const newLamp = (): Address => `lamp/${randomUUID()}`;

/** The code of what a promise is rejected with; fails the test when it is not. */
export async function codeOf(t: ExecutionContext, work: Promise<unknown>): Promise<string> {
  const thrown = await t.throwsAsync(work);
  return thrown !== undefined && 'code' in thrown ? String(thrown.code) : String(thrown);
}

/** A stored row or more, by SQL. */
export const rowsOf = async <R>(pool: Pool, sql: string, ...values: unknown[]): Promise<readonly R[]> =>
  (await pool.query(sql, values)).rows;
