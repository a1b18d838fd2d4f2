import { randomUUID } from 'node:crypto';
import test from 'ava';
import type { Page, PageRequest, Reads } from '../../src/conductor/interfaces/reads.ts';
import { Server } from '../../src/persistence/entities/index.ts';
import { createReads } from '../../src/persistence/reads.ts';
import { withDatabase } from './database.ts';
import { aNode, anAccount, serverRow, writeServers } from './rows.ts';

const db = withDatabase(test);
let reads: Reads;
test.before(() => {
  reads = createReads(db.database);
});

/** Walks all pages from the first to the last. */
async function walk<T>(list: (request: PageRequest) => Promise<Page<T>>, request: PageRequest): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...request, cursor });
    items.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}

test('a server is read exactly as its actor projected it', async (t) => {
  const row = serverRow(await anAccount(db.pool), {
    nodeId: await aNode(db.pool),
    operationId: randomUUID(),
    cpu: 0.1,
    exit: { exitCode: null, oomKilled: true, logTail: ['a'], at: 1 },
    lastError: { code: 'x', message: 'y', retry: 'permanent', at: 2 },
    startedAt: Date.UTC(2026, 1, 2, 3, 4, 5, 678),
    failoverPolicy: 'fresh',
    failoverGraceSeconds: 0,
    lostSince: Date.UTC(2026, 2, 1),
    lastLeaseAt: Date.UTC(2026, 2, 1, 0, 0, 0, 1),
  });
  await writeServers(db.pool, row);
  const server = await reads.server(row.id);
  if (server === null) return t.fail();
  const { updatedAt, ...rest } = server;
  t.true(Math.abs(Date.now() - updatedAt.getTime()) < 60_000);
  t.deepEqual({ ...rest }, {
    ...row,
    createdAt: new Date(Date.UTC(2026, 0, 1)),
    startedAt: new Date(Date.UTC(2026, 1, 2, 3, 4, 5, 678)),
    lostSince: new Date(Date.UTC(2026, 2, 1)),
    lastLeaseAt: new Date(Date.UTC(2026, 2, 1, 0, 0, 0, 1)),
  } as never);
  t.is(Object.getPrototypeOf(server), Object.prototype);
});

test('a server that is not there is null, and so is an id that is none', async (t) => {
  t.is(await reads.server(randomUUID()), null);
  t.is(await reads.server("x' or 1=1"), null);
  t.is(await reads.operation('x'), null);
});

test('a soft-deleted server is seen only by those who ask for it', async (t) => {
  const ownerId = await anAccount(db.pool);
  const gone = serverRow(ownerId, { status: 'deleted', deletedAt: Date.UTC(2026, 0, 2) });
  await writeServers(db.pool, gone, serverRow(ownerId));
  const count = async (filter: Parameters<Reads['servers']>[0]) =>
    (await reads.servers({ ownerId, ...filter }, { limit: 10 })).total;
  t.is(await reads.server(gone.id), null);
  t.is((await reads.server(gone.id, { includeDeleted: true }))?.id, gone.id);
  t.is(await count({}), 1);
  t.is(await count({ includeDeleted: true }), 2);
  t.is(await count({ statuses: ['deleted'] }), 1);
  t.is(await count({ statuses: ['deleted'], includeDeleted: false }), 0);
});

test('what a sweep reads is what the rows of a node’s servers say, without soft-deleted ones', async (t) => {
  const [owner, nodeId] = [await anAccount(db.pool), await aNode(db.pool)];
  const there = serverRow(owner, { nodeId, containerId: 'c', dataExists: true });
  const fresh = serverRow(owner, { nodeId, containerId: null, dataExists: null });
  const deleted = serverRow(owner, { nodeId, status: 'deleted', deletedAt: Date.UTC(2026, 0, 2) });
  await writeServers(db.pool, there, fresh, deleted, serverRow(owner, { nodeId: await aNode(db.pool) }));
  const placedOf = async (id: string) => {
    const {
      id: _,
      template,
      status,
      nodeId: home,
      containerId,
      dataExists,
      version,
    } = (await reads.server(id)) ?? t.fail();
    return { id, template, status, nodeId: home, containerId, dataExists, version };
  };
  const placed = await reads.placedOn(nodeId);
  t.deepEqual(
    placed.toSorted((a, b) => (a.id === there.id ? -1 : b.id === there.id ? 1 : 0)),
    [await placedOf(there.id), await placedOf(fresh.id)],
  );
  t.deepEqual(await reads.placed(there.id), await placedOf(there.id));
  t.is(await reads.placed(deleted.id), null);
  t.is(await reads.placed('no id'), null);
});

test('a query that says nothing of deletion does not see soft-deleted servers', async (t) => {
  const ownerId = await anAccount(db.pool);
  await writeServers(db.pool, serverRow(ownerId, { status: 'deleted', deletedAt: Date.UTC(2026, 0, 2) }));
  const em = db.database.orm.em.fork();
  t.is(await em.count(Server, { ownerId }), 0);
  t.is(await em.count(Server, { ownerId }, { filters: { alive: false } }), 1);
});

test('servers are filtered by status, node, owner and a part of the name', async (t) => {
  const [ownerId, nodeId] = [await anAccount(db.pool), await aNode(db.pool)];
  await writeServers(
    db.pool,
    serverRow(ownerId, { name: 'Über 100%', nodeId }),
    serverRow(ownerId, { name: 'under 1000', status: 'stopped' }),
    serverRow(ownerId, { name: 'a_b', status: 'failed' }),
  );
  const names = async (filter: Parameters<Reads['servers']>[0]) =>
    (await reads.servers({ ownerId, ...filter }, { limit: 10, sort: 'name' })).items.map(({ name }) => name).sort();
  t.deepEqual(await names({ statuses: ['stopped', 'failed'] }), ['a_b', 'under 1000']);
  t.deepEqual(await names({ nodeId }), ['Über 100%']);
  t.deepEqual(await names({ q: '100%' }), ['Über 100%']);
  t.deepEqual(await names({ q: 'A_B' }), ['a_b']);
  t.deepEqual(await names({ q: '_' }), ['a_b']);
  t.deepEqual(await names({ q: 'UNDER' }), ['under 1000']);
  t.deepEqual(await names({ statuses: ['no such status'] }), []);
  await t.throwsAsync(names({ nodeId: 'local' }), { code: 'invalid_request', message: /node_id/ });
});

const SORTS = ['id', 'name', '-name', 'ramMb', '-ramMb', 'createdAt', '-updatedAt', 'cpu', '-players', 'stoppedAt'];

test('every sort walks through all servers once, in order', async (t) => {
  const ownerId = await anAccount(db.pool);
  const rows = Array.from({ length: 23 }, (_, n) =>
    serverRow(ownerId, {
      name: `name ${n % 4}`,
      ramMb: 512 * (n % 3),
      cpu: 0.1 * (n % 5),
      players: n % 2 === 0 ? null : n % 7,
      createdAt: Date.UTC(2026, 0, 1, 0, 0, n % 6),
      stoppedAt: n % 3 === 0 ? Date.UTC(2026, 0, 1) + n : null,
    }),
  );
  for (const row of rows) await writeServers(db.pool, row);
  for (const sort of SORTS) {
    const whole = await reads.servers({ ownerId }, { limit: 50, sort });
    const walked = await walk((request) => reads.servers({ ownerId }, request), { limit: 5, sort });
    t.is(whole.total, 23);
    t.is(whole.nextCursor, null);
    t.deepEqual(
      walked.map(({ id }) => id),
      whole.items.map(({ id }) => id),
      sort,
    );
    t.is(new Set(walked.map(({ id }) => id)).size, 23, sort);
  }
  const sorted = (await reads.servers({ ownerId }, { limit: 50, sort: '-ramMb' })).items.map(({ ramMb }) => ramMb);
  t.deepEqual(
    sorted,
    sorted.toSorted((a, b) => b - a),
  );
});

test('a page goes on where the last one ended, though rows before it are gone', async (t) => {
  const ownerId = await anAccount(db.pool);
  const rows = ['a', 'b', 'c', 'd'].map((name) => serverRow(ownerId, { name }));
  await writeServers(db.pool, ...rows);
  const first = await reads.servers({ ownerId }, { limit: 2, sort: 'name' });
  await db.pool.query('delete from servers where id = any($1)', [rows.slice(0, 2).map(({ id }) => id)]);
  const second = await reads.servers({ ownerId }, { limit: 2, cursor: first.nextCursor ?? '' });
  t.deepEqual(
    second.items.map(({ name }) => name),
    ['c', 'd'],
  );
  t.is(second.nextCursor, null);
  const skipped = await reads.servers({ ownerId }, { limit: 2, sort: 'name', offset: 1 });
  t.deepEqual(
    skipped.items.map(({ name }) => name),
    ['d'],
  );
});

const forged = (cursor: unknown) => Buffer.from(JSON.stringify(cursor)).toString('base64url');

for (const [what, cursor] of [
  ['noise', 'not a cursor'],
  ['an empty text', ''],
  ['a number', forged(1)],
  ['another sort', forged({ sort: '-name', value: 'a', key: randomUUID() })],
  ['a key that is no UUID', forged({ sort: 'name', value: 'a', key: "'; drop table servers" })],
  ['a text that PostgreSQL refuses', forged({ sort: 'name', value: 'a\0', key: randomUUID() })],
  ['a value of another type', forged({ sort: 'name', value: 1, key: randomUUID() })],
  ['a negative offset', forged({ sort: 'name', offset: -1 })],
  ['something extra', forged({ sort: 'name', offset: 1, more: 1 })],
] as const) {
  test(`a cursor that is ${what} is an invalid request`, async (t) => {
    const request = { limit: 1, sort: 'name', cursor };
    await t.throwsAsync(reads.servers({}, request), { code: 'invalid_request', message: /cursor/ });
  });
}

test('a time beyond the calendar in a cursor is an invalid request', async (t) => {
  const cursor = forged({ sort: 'createdAt', value: 9e15, key: randomUUID() });
  await t.throwsAsync(reads.servers({}, { limit: 1, cursor }), { code: 'invalid_request' });
});

test('an unknown sort is refused with the columns that can be sorted by', async (t) => {
  for (const sort of ['env', 'constructor', '--name', '']) {
    const error = await t.throwsAsync(reads.servers({}, { limit: 1, sort }), { code: 'invalid_request' });
    t.regex(error?.message ?? '', /Sort by one of id, name,.* created_at/);
    t.like(error, { details: { issues: [{ path: 'query.sort', message: error?.message }] } });
  }
});

test('operations are listed newest first, without their idempotency keys', async (t) => {
  const accountId = await anAccount(db.pool);
  await db.pool.query(
    `insert into operations (id, command, target, account_id, status, progress, error, created_at, idempotency_key)
     select gen_random_uuid(), 'start', 'server/' || n, $1, case when n = 1 then 'running' else 'failed' end, 0.5,
       '{"code":"x","message":"y","retry":"permanent"}', now() + n * interval '1 second', 'key ' || n
     from generate_series(1, 5) n`,
    [accountId],
  );
  const all = await walk((request) => reads.operations({ accountId }, request), { limit: 2 });
  t.deepEqual(
    all.map(({ target }) => target),
    ['server/5', 'server/4', 'server/3', 'server/2', 'server/1'],
  );
  const [first] = all;
  if (first === undefined) return t.fail();
  t.deepEqual(Object.keys(first).sort(), [
    ...['accountId', 'command', 'createdAt', 'error', 'finishedAt', 'id', 'message', 'progress', 'status', 'target'],
  ]);
  t.deepEqual(await reads.operation(first.id), first);
  t.is((await reads.operations({ accountId, status: 'running' }, { limit: 10 })).items[0]?.target, 'server/1');
  t.is((await reads.operations({ target: 'server/2', accountId }, { limit: 10 })).total, 1);
});

test('the journal of an actor, its row and its dead letters are read', async (t) => {
  const address = `server/${randomUUID()}` as const;
  await db.pool.query(
    `insert into journal (address, seq, event, by, from_state, to_state, effects, duration_ms)
     select $1, n, 'tick', null, null, 'running', '{place,"a,b"}', 1.5 from generate_series(1, 3) n`,
    [address],
  );
  const turns = await walk((request) => reads.journal(address, request), { limit: 2, sort: 'seq' });
  t.deepEqual(
    turns.map(({ seq }) => seq),
    [1, 2, 3],
  );
  t.like(turns[0], { address, by: null, from: null, to: 'running', effects: ['place', 'a,b'], durationMs: 1.5 });
  t.is(typeof turns[0]?.id, 'string');

  const kind = `kind ${randomUUID()}`;
  await db.pool.query(
    `insert into actors (address, kind, shard, seq, machine_version, status, snapshot, quarantined) values
       ('k/1', $1, 0, 4, '1', 'running', '{"big": true}', null),
       ('k/2', $1, 0, 5, '1', 'running', '{}', '{"code":"x","message":"y","retry":"permanent"}')`,
    [kind],
  );
  const quarantined = await reads.actors({ kind, quarantined: true }, { limit: 10 });
  t.like(quarantined.items[0], { address: 'k/2', seq: 5, quarantined: { code: 'x' } });
  t.false('snapshot' in (quarantined.items[0] ?? {}));
  t.is((await reads.actors({ kind, quarantined: false }, { limit: 10 })).total, 1);
  t.is((await reads.actors({ kind }, { limit: 10 })).total, 2);

  await db.pool.query(
    `insert into dead_letters (id, address, event, error, attempts) values (gen_random_uuid(), $1, $2, $3, 3)`,
    [address, '"a string is JSON too"', '{"code":"x","message":"y","retry":"transient"}'],
  );
  const letters = await reads.deadLetters({ limit: 10 });
  t.like(letters.items[0], { address, attempts: 3, event: 'a string is JSON too', error: { code: 'x' } });
});

test('events are read after a number, oldest first, of one owner if asked', async (t) => {
  const { database, pool } = await db.fresh();
  const own = createReads(database);
  t.deepEqual([await own.firstEventSeq(), await own.lastEventSeq()], [0, 0]);
  const owner = randomUUID();
  await pool.query(
    `insert into events (type, subject_kind, subject_id, owner_id, data)
     select 'server.created', 'server', 's' || n, case when n % 2 = 0 then $1::uuid end, json_build_object('n', n)
     from generate_series(1, 6) n`,
    [owner],
  );
  t.deepEqual([await own.firstEventSeq(), await own.lastEventSeq()], [1, 6]);
  const events = await own.events(2, 3);
  t.deepEqual(
    events.map(({ seq }) => seq),
    [3, 4, 5],
  );
  t.like(events[0], { type: 'server.created', subject: { kind: 'server', id: 's3' }, ownerId: null, data: { n: 3 } });
  t.deepEqual(
    (await own.events(0, 10, owner)).map(({ seq }) => seq),
    [2, 4, 6],
  );
});

test('the metrics count what there is', async (t) => {
  const { database, pool } = await db.fresh();
  const own = createReads(database);
  t.deepEqual(await own.counts(), {
    servers: {},
    operations: {},
    deadLetters: 0,
    quarantined: 0,
    timers: 0,
    effects: 0,
    messages: 0,
  });
  const owner = await anAccount(pool);
  await writeServers(pool, serverRow(owner), serverRow(owner), serverRow(owner, { status: 'stopped' }));
  await pool.query(
    `insert into timers (address, timer_id, incarnation, due_at, event) values ('a/1', 't', 1, now(), '{}')`,
  );
  t.like(await own.counts(), { servers: { running: 2, stopped: 1 }, timers: 1, messages: 0 });
});
