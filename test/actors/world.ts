/** Starts runtimes on a test's database. Several one after another on the same data play the part of restarts. */
import { randomUUID } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/actors/limits.ts';
import { createRuntime, type Runtime } from '../../src/actors/runtime.ts';
import type { CommitStore } from '../../src/actors/store.ts';
import { systemPorts } from '../../src/actors/system-ports.ts';
import type { ActorKind, Address, Principal, Turn } from '../../src/actors/types.ts';
import { createCommitStore } from '../../src/persistence/commit/store.ts';
import { projections } from '../../src/persistence/sql/projections.ts';
import type { TestDatabase } from '../persistence/database.ts';

export interface World {
  readonly runtime: Runtime;
  readonly store: CommitStore;
  readonly admin: Principal;
  readonly reports: { message: string; details: Record<string, unknown> }[];
  /** Resolves with the next committed turn that fits. */
  turn(fits: (turn: Turn) => boolean): Promise<Turn>;
}

export interface WorldOptions {
  readonly limits?: Partial<RuntimeLimits>;
  readonly owner?: string;
  readonly wrap?: (store: CommitStore) => CommitStore;
}

export async function startWorld(
  t: ExecutionContext,
  db: Pick<TestDatabase, 'pool'>,
  kinds: readonly ActorKind[],
  options: WorldOptions = {},
): Promise<World> {
  const admin = await ensureAdmin(db);
  const plain = createCommitStore(db.pool, projections);
  const store = options.wrap?.(plain) ?? plain;
  const reports: World['reports'] = [];
  const runtime = createRuntime({
    store,
    kinds,
    ports: systemPorts,
    limits: { ...RUNTIME_LIMITS, retryBaseMs: 10, pollMs: 200, ...options.limits },
    owner: options.owner ?? 'test',
    report: (message, details) => reports.push({ message, details }),
    leaseLost: () => reports.push({ message: 'lease lost', details: {} }),
  });
  await runtime.start();
  let stopped = false;
  const stop = runtime.stop;
  runtime.stop = async () => {
    if (!stopped) await stop();
    stopped = true;
  };
  t.teardown(() => runtime.stop());
  return { runtime, store, admin, reports, turn: (fits) => nextTurn(runtime, fits) };
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

async function ensureAdmin({ pool }: Pick<TestDatabase, 'pool'>): Promise<Principal> {
  await pool.query(`insert into accounts (id, name, role) values ($1, 'admin', 'admin') on conflict do nothing`, [
    randomUUID(),
  ]);
  const { rows } = await pool.query(`select id from accounts where name = 'admin'`);
  return { accountId: rows[0].id, name: 'admin', admin: true };
}

export const newLamp = (): Address => `lamp/${randomUUID()}`;
