import type { Pool, PoolClient } from 'pg';
import type { CommitResult, CommitStore, NewDeadLetter, StoredTimer, TurnCommit } from '../../actors/store.ts';
import type { Address, LiveEvent, Operation, PendingEvent } from '../../actors/types.ts';
import type { StoredError } from '../../errors.ts';
import { translating } from '../errors.ts';
import { toJsonb } from '../json.ts';
import { ACTORS_WITH_WORK, QUARANTINE } from '../sql/actors.ts';
import { DUE_TIMERS } from '../sql/commit-timers.ts';
import { KEEP_DEAD_LETTER, KEEP_ORPHANS, REMOVE_SOURCE } from '../sql/dead-letters.ts';
import { BEGIN_OPERATIONS, OPERATION, OPERATION_BY_KEY, PROGRESS_OPERATION } from '../sql/operations.ts';
import type { ProjectionStatement } from '../sql/projection.ts';
import { HOLD_SHARD } from '../sql/shards.ts';
import { STASH } from '../sql/stash.ts';
import { load } from './load.ts';
import { operationRow } from './rows.ts';
import { shardLease } from './shards.ts';
import { appendEvents, isPlain, prepared, writeRest, writeTurns } from './write.ts';

const FENCED: CommitResult = { ok: false, reason: 'fenced' };
const WRITTEN: CommitResult = { ok: true, events: [], operations: [] };

/** The runtime's store on PostgreSQL. Everything goes through the one pool; the SQL is in `persistence/sql`. */
export function createCommitStore(pool: Pool, statements: ReadonlyMap<string, ProjectionStatement>): CommitStore {
  const inTransaction = <T>(run: (client: PoolClient) => Promise<T>) => translating(() => transaction(pool, run));
  const inOrder = oneAtATime();
  /** Whatever appends to the event log: its numbers must become visible in order (docs/decisions/0001). */
  const numbering = <T>(run: (client: PoolClient) => Promise<T>) => inOrder(() => inTransaction(run));
  const query = (name: string, text: string, values: readonly unknown[]) =>
    translating(() => pool.query({ name, text, values: [...values] }));

  /** Snapshots and journal need one statement, which is its own transaction; anything more makes one around all. */
  async function commit(turns: readonly TurnCommit[]): Promise<readonly CommitResult[]> {
    if (turns.every(isPlain)) {
      const done = await translating(() => withClient(pool, (client) => writeTurns(client, turns)));
      return turns.map(({ address }) => (done.has(address) ? WRITTEN : FENCED));
    }
    const results = new Map<TurnCommit, CommitResult>();
    for (let left = turns; left.length > 0; left = left.filter((turn) => !results.has(turn))) {
      const some = left;
      await inOrder(() =>
        translating(() => withClient(pool, (client) => writeWhole(client, some, statements, results))),
      );
    }
    return turns.map((turn) => results.get(turn) ?? FENCED);
  }

  return {
    commit,
    load: (addresses, messages) => translating(() => load(pool, addresses, messages)),
    async dueTimers(limit) {
      const { rows } = await query('due-timers', DUE_TIMERS, [limit]);
      const timers: readonly StoredTimer[] = rows;
      const next = timers.find(({ dueInMs }) => dueInMs > 0);
      return { due: timers.filter(({ dueInMs }) => dueInMs <= 0), nextInMs: next?.dueInMs ?? null };
    },
    async actorsWithWork() {
      return (await query('actors-with-work', ACTORS_WITH_WORK, [])).rows;
    },
    async deadLetterOrphans(afterMs, error, moot) {
      return (await query('keep-orphans', KEEP_ORPHANS, [afterMs, toJsonb(error), toJsonb(moot)])).rowCount ?? 0;
    },
    async operation(id) {
      const { rows } = await query('operation', OPERATION, [id]);
      return rows[0] === undefined ? null : withoutFingerprint(rows[0]).operation;
    },
    async operationByKey(accountId, key) {
      const { rows } = await query('operation-by-key', OPERATION_BY_KEY, [accountId, key]);
      return rows[0] === undefined ? null : withoutFingerprint(rows[0]);
    },
    stash: ({ address, shard, epoch }, operation, event) =>
      inTransaction(async (client) => {
        const { rowCount } = await prepared(client, 'hold-shard', HOLD_SHARD, [shard, epoch]);
        if (rowCount === 0) return null;
        const row = operationRow(address, operation, 'Waiting for the running operation to end.');
        const { rows } = await prepared(client, 'begin-operations', BEGIN_OPERATIONS, [toJsonb([row])]);
        await prepared(client, 'stash', STASH, [operation.id, address, toJsonb(event)]);
        return withoutFingerprint(rows[0]).operation;
      }),
    progress: (operationId, progress, message, event) =>
      numbering(async (client) => {
        const values = [operationId, progress, message.replaceAll('\0', '\uFFFD')];
        const { rowCount } = await prepared(client, 'progress-operation', PROGRESS_OPERATION, values);
        return rowCount === 0 ? null : ((await appendEvents(client, [event]))[0] ?? null);
      }),
    deadLetter: (letter) =>
      inTransaction(async (client) => {
        const { id, address, event, error, attempts } = letter;
        const values = [id, address, toJsonb(event), toJsonb(error), attempts];
        await prepared(client, 'keep-dead-letter', KEEP_DEAD_LETTER, values);
        await removeSource(client, letter);
      }),
    quarantine: (address: Address, error: StoredError | null, event: PendingEvent): Promise<LiveEvent> =>
      numbering(async (client) => {
        const values = [address, error === null ? null : toJsonb(error)];
        await prepared(client, 'quarantine', QUARANTINE, values);
        const [written] = await appendEvents(client, [event]);
        if (written === undefined) throw new TypeError('The event log gave no number.');
        return written;
      }),
    ...shardLease(query, (run) =>
      inTransaction((client) => run((name, text, values) => prepared(client, name, text, values))),
    ),
  };
}

/**
 * Writes turns with all they ask for, which is handed over before it is known whether all of them are right, as they nearly
 * always are. If some are fenced, nothing is written and only they get their result: the others have to be written without them.
 */
async function writeWhole(
  client: PoolClient,
  turns: readonly TurnCommit[],
  statements: ReadonlyMap<string, ProjectionStatement>,
  results: Map<TurnCommit, CommitResult>,
): Promise<void> {
  const [begun, written, rest] = await Promise.allSettled([
    client.query('begin'),
    writeTurns(client, turns),
    writeRest(client, turns, statements),
  ]);
  if (begun.status === 'rejected') throw begun.reason;
  if (written.status === 'rejected') throw written.reason;
  const fenced = turns.filter(({ address }) => !written.value.has(address));
  if (fenced.length > 0) {
    // What a turn asks for that is not right may be there already, which fails the transaction: that says nothing.
    await client.query('rollback');
    for (const turn of fenced) results.set(turn, FENCED);
    return;
  }
  if (rest.status === 'rejected') throw rest.reason;
  await client.query('commit');
  for (const [index, turn] of turns.entries()) results.set(turn, rest.value[index] ?? FENCED);
}

type OperationRow = Operation & { readonly fingerprint: string | null };

function withoutFingerprint({ fingerprint, ...operation }: OperationRow) {
  return { operation, fingerprint };
}

async function removeSource(client: PoolClient, { source, address }: NewDeadLetter): Promise<void> {
  const values = source.type === 'timer' ? [address, source.timerId, source.incarnation] : [source.id];
  await prepared(client, `remove-${source.type}`, REMOVE_SOURCE[source.type], values);
}

async function withClient<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await run(client);
  } catch (thrown) {
    broken = thrown instanceof Error ? thrown : new Error(String(thrown));
    throw thrown;
  } finally {
    // A connection that failed is closed rather than given back: nobody knows what state it is in.
    client.release(broken);
  }
}

function transaction<T>(pool: Pool, run: (client: PoolClient) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query('begin');
    const result = await run(client);
    await client.query('commit');
    return result;
  });
}

/** Runs one after another what is handed to it. One that fails does not stop the next. */
function oneAtATime(): <T>(run: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const next = last.then(run);
    last = next.catch(() => undefined);
    return next;
  };
}
