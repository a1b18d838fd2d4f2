import { randomUUID } from 'node:crypto';
import test from 'ava';

import { shardOf } from '../../src/actors/address.ts';
import type { CommitStore, TurnCommit } from '../../src/actors/store.ts';
import type { Address } from '../../src/actors/types.ts';
import { createCommitStore } from '../../src/persistence/commit/store.ts';
import { createReads } from '../../src/persistence/reads.ts';
import { COMMIT_TURNS } from '../../src/persistence/sql/commit-turns.ts';
import { withDatabase } from './database.ts';
import { NOTHING_BESIDES } from './turns.ts';

const db = withDatabase(test);

/** A store on a database of its own, with the shards claimed. */
async function claimed() {
  const { pool } = await db.fresh();
  const store = createCommitStore(pool, new Map());
  const epochs = await store.claimShards('test', 60_000);
  const account = randomUUID();
  await pool.query(`insert into accounts (id, name, role) values ($1, 'admin', 'admin')`, [account]);
  const turn = (address: Address, seq: number, rest: Partial<TurnCommit> = {}) => turnOf(epochs, address, seq, rest);
  const counts = async () => {
    const tables = ['actors', 'journal', 'timers', 'effects', 'messages', 'operations', 'events'];
    const { rows } = await pool.query(`select ${tables.map((table) => `(select count(*) from ${table}) as ${table}`)}`);
    return rows[0] as Record<string, number>;
  };
  return { pool, store, epochs, turn, counts, account };
}

function turnOf(epochs: readonly number[], address: Address, seq: number, rest: Partial<TurnCommit> = {}): TurnCommit {
  return {
    address,
    kind: 'thing',
    shard: shardOf(address),
    epoch: epochs[shardOf(address)] ?? 0,
    seq,
    machineVersion: '1',
    status: 'on',
    ended: false,
    snapshot: JSON.stringify({ status: 'active', value: 'on', context: { seq } }),
    event: 'go',
    by: null,
    from: null,
    to: 'on',
    operationId: null,
    computeMs: 1,
    ...NOTHING_BESIDES,
    ...rest,
  };
}

const outcomes = async (store: CommitStore, ...turns: TurnCommit[]) =>
  (await store.commit(turns)).map((result) => (result.ok ? 'written' : result.reason));

/** Everything that a turn can ask for besides its snapshot. */
const busy = (address: Address, seq: number, account: string): Partial<TurnCommit> => ({
  timersSet: [{ timerId: 'bell', delayMs: 0, event: { type: 'ring' } }],
  effectsStarted: [{ id: `${address}:${seq}:0`, childId: 'job', name: 'work', input: {}, deadlineMs: 1_000 }],
  messages: [{ id: `${address}:${seq}:1`, receiver: 'thing/other', event: { type: 'hello' } }],
  operationBegun: { id: randomUUID(), command: 'go', accountId: account, idempotencyKey: null, fingerprint: null },
  events: [{ type: 'thing.changed', subject: { kind: 'thing', id: address }, ownerId: null, data: {} }],
});

for (const isBusy of [false, true]) {
  const what = isBusy ? 'with all that a turn can ask for' : 'that asks for nothing besides';

  test(`A turn ${what} is written only under the present epoch of its shard`, async (t) => {
    const { store, turn, counts, account } = await claimed();
    const rest = isBusy ? busy('thing/a', 1, account) : {};
    const stale = turn('thing/a', 1, rest);
    t.deepEqual(await outcomes(store, { ...stale, epoch: stale.epoch - 1 }), ['fenced']);
    t.deepEqual(await outcomes(store, { ...stale, epoch: stale.epoch + 1 }), ['fenced']);
    t.true(Object.values(await counts()).every((count) => count === 0));
    t.deepEqual(await outcomes(store, stale), ['written']);
  });

  test(`A turn ${what} is written only onto the turn before it`, async (t) => {
    const { store, turn, counts, account } = await claimed();
    const rest = (seq: number) => (isBusy ? busy('thing/a', seq, account) : {});
    t.deepEqual(await outcomes(store, turn('thing/a', 2, rest(2))), ['fenced'], 'there is no actor yet');
    t.deepEqual(await outcomes(store, turn('thing/a', 1, rest(1))), ['written']);
    t.deepEqual(await outcomes(store, turn('thing/a', 1, rest(1))), ['fenced'], 'it exists already');
    t.deepEqual(await outcomes(store, turn('thing/a', 3, rest(3))), ['fenced'], 'one is missing');
    t.deepEqual(await outcomes(store, turn('thing/a', 2, rest(2))), ['written']);
    t.deepEqual(await outcomes(store, turn('thing/a', 2, rest(4))), ['fenced'], 'somebody else was faster');
    const { actors, journal, events, operations } = await counts();
    t.deepEqual([actors, journal, events, operations], isBusy ? [1, 2, 2, 2] : [1, 2, 0, 0]);
  });

  test(`A turn ${what} consumes its message, and is not written when the message is gone`, async (t) => {
    const { store, turn, counts, account } = await claimed();
    const hello = { id: 'm1', receiver: 'thing/b', event: { type: 'hello' } } as const;
    await store.commit([turn('thing/a', 1, { messages: [hello] }), turn('thing/b', 1)]);
    const rest = isBusy ? busy('thing/b', 2, account) : {};
    t.deepEqual(await outcomes(store, turn('thing/b', 2, { ...rest, consumes: 'm1', messages: [] })), ['written']);
    const before = await counts();
    t.is(before.messages, 0);
    t.deepEqual(await outcomes(store, turn('thing/b', 3, { ...rest, consumes: 'm1' })), ['fenced']);
    t.deepEqual(await counts(), before);
  });
}

test('A message is kept when the turn that would consume it is fenced', async (t) => {
  const { store, turn, counts } = await claimed();
  const hello = { id: 'm1', receiver: 'thing/b', event: { type: 'hello' } } as const;
  await store.commit([turn('thing/a', 1, { messages: [hello] }), turn('thing/b', 1)]);
  t.deepEqual(await outcomes(store, turn('thing/b', 5, { consumes: 'm1' })), ['fenced']);
  t.is((await counts()).messages, 1);
});

test('Of a batch the turns that are fenced are left out, and each result stands in its place', async (t) => {
  const { store, turn, counts, account } = await claimed();
  await store.commit([turn('thing/b', 1), turn('thing/d', 1)]);
  const batch = [
    turn('thing/a', 1, busy('thing/a', 1, account)),
    turn('thing/b', 7, busy('thing/b', 7, account)),
    turn('thing/c', 1),
    turn('thing/d', 2, busy('thing/d', 2, account)),
  ];
  const results = await store.commit(batch);
  t.deepEqual(
    results.map((result) => (result.ok ? result.events.map(({ subject }) => subject.id) : result.reason)),
    [['thing/a'], 'fenced', [], ['thing/d']],
  );
  t.deepEqual(
    results.map((result) => (result.ok ? result.operations.map(({ target }) => target) : [])),
    [['thing/a'], [], [], ['thing/d']],
  );
  const { effects, timers, operations } = await counts();
  t.deepEqual([effects, timers, operations], [2, 2, 2]);
});

test('Due timers are told oldest first, with the next one; those of quarantined actors are not told', async (t) => {
  const { pool, store, turn } = await claimed();
  const timer = (timerId: string, delayMs: number) => ({ timerId, delayMs, event: { type: timerId } });
  await store.commit([
    turn('thing/a', 1, { timersSet: [timer('late', 60_000), timer('now', 0)] }),
    turn('thing/b', 1, { timersSet: [timer('before', -50), timer('later', 120_000)] }),
    turn('thing/c', 1, { timersSet: [timer('never', -100)] }),
  ]);
  await pool.query(`update actors set quarantined = '{}' where address = 'thing/c'`);
  const { due, nextInMs } = await store.dueTimers(10);
  t.deepEqual(
    due.map(({ timerId, incarnation }) => [timerId, incarnation]),
    [
      ['before', 1],
      ['now', 1],
    ],
  );
  t.true(nextInMs !== null && nextInMs > 50_000 && nextInMs <= 60_000, `${nextInMs}`);
  t.deepEqual(
    (await store.dueTimers(1)).due.map(({ timerId }) => timerId),
    ['before'],
  );
});

test('Progress that comes after the end changes nothing and is not told', async (t) => {
  const { store, turn, account } = await claimed();
  const rest = busy('thing/a', 1, account);
  const id = rest.operationBegun?.id ?? '';
  await store.commit([turn('thing/a', 1, rest)]);
  const event = { type: 'thing.progress', subject: { kind: 'thing', id: 'a' }, ownerId: null, data: {} };
  t.not(await store.progress(id, 0.5, 'half\u0000way', event), null);
  t.is((await store.operation(id))?.message, 'half\ufffdway');
  const operationsEnded = [{ id, outcome: 'succeeded', message: null, error: null }] as const;
  await store.commit([turn('thing/a', 2, { operationsEnded })]);
  t.is(await store.progress(id, 0.1, 'again', event), null);
  t.like(await store.operation(id), { status: 'succeeded', progress: 1 });
});

test('turns are written while readers have all the connections that they may have', async (t) => {
  const { parts } = await db.fresh();
  const database = await db.open({ target: parts, poolSize: 3, connectTimeoutMs: 2_500 });
  const [store, reads] = [createCommitStore(database.pool, new Map()), createReads(database)];
  const epochs = await store.claimShards('test', 60_000);
  const readers = await Promise.allSettled(Array.from({ length: 10 }, () => database.shared.connect()));
  const late = [t.throwsAsync(reads.counts()), t.throwsAsync(reads.servers({}, { limit: 1 }))];
  const [counting, listing] = await Promise.all(late);
  t.like(counting, { code: 'unavailable' }, 'one reader more has to wait');
  t.like(listing, { code: 'unavailable' }, 'MikroORM has to wait as well');
  await t.notThrowsAsync(reads.ping(), 'whoever asks whether the database is there has not');
  t.true(await store.renewShards('test', epochs, 60_000));
  const turn = turnOf(epochs, 'thing/a', 1);
  t.like(await store.commit([turn]), [{ ok: true }]);
  for (const reader of readers) if (reader.status === 'fulfilled') reader.value.release();
});

test('actors that are made together are not compared with each other', async (t) => {
  const { pool } = await db.fresh();
  const { rows } = await pool.query(`explain (generic_plan, costs off) ${COMMIT_TURNS}`);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  t.regex(plan, /hashed SubPlan \d+.*SubPlan \d+\n *-> {2}CTE Scan on made/s);
  t.notRegex(plan, /Join Filter: \(made/);
});
