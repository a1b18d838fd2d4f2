import { randomUUID } from 'node:crypto';
import test from 'ava';
import { openRepositories } from '../../src/persistence/repositories/index.ts';
import { withDatabase } from './database.ts';
import { anAccount } from './rows.ts';

const db = withDatabase(test);
const repositories = () => openRepositories(db.database, randomUUID);

test('the admin account is made once, whoever comes first, and stays the same', async (t) => {
  const { database } = await db.fresh();
  const stores = openRepositories(database, randomUUID);
  const accounts = await Promise.all([stores.ensureAdmin(), stores.ensureAdmin(), stores.ensureAdmin()]);
  const again = await stores.ensureAdmin();
  t.is(again.name, 'admin');
  t.deepEqual(
    accounts.map(({ id }) => id),
    [again.id, again.id, again.id],
  );
});

test('a node is known by its name: its facts change, its id does not', async (t) => {
  const { database } = await db.fresh();
  const stores = openRepositories(database, randomUUID);
  const made = await stores.upsertNode({ name: 'local', engine: 'simulated', ramMb: 1024, cpus: 1.5 });
  const changed = await stores.upsertNode({ name: 'local', engine: 'docker', ramMb: 24_000, cpus: 2 });
  await stores.upsertNode({ name: 'another', engine: 'docker', ramMb: 1, cpus: 1 });
  t.is(changed.id, made.id);
  t.deepEqual(changed.createdAt, made.createdAt);
  t.like(changed, { name: 'local', engine: 'docker', ramMb: 24_000, cpus: 2 });
  const nodes = await stores.nodes();
  t.deepEqual(
    nodes.map(({ name }) => name),
    ['another', 'local'],
  );
  t.deepEqual(nodes[1], changed);
});

async function aDeadLetter(): Promise<string> {
  const id = randomUUID();
  await db.pool.query(
    `insert into dead_letters (id, address, event, error, attempts)
     values ($1, 'server/x', '{"type":"start","at":1}', '{"code":"internal","message":"no","retry":"transient"}', 5)`,
    [id],
  );
  return id;
}

test('a dead letter that was delivered is gone', async (t) => {
  const id = await aDeadLetter();
  const taken = await repositories().deadLetters.take(id, async (letter) => {
    t.like(letter, { id, address: 'server/x', event: { type: 'start', at: 1 }, attempts: 5 });
    t.is(letter.error.code, 'internal');
    t.true(letter.at instanceof Date);
  });
  t.is(taken?.id, id);
  t.is(await repositories().deadLetters.take(id, async () => t.fail()), null);
});

test('a dead letter whose delivery fails is still there', async (t) => {
  const id = await aDeadLetter();
  const { deadLetters } = repositories();
  await t.throwsAsync(
    deadLetters.take(id, () => Promise.reject(new Error('still broken'))),
    { message: 'still broken' },
  );
  t.true(await deadLetters.discard(id));
  t.false(await deadLetters.discard(id));
});

test('a dead letter is delivered by one caller at a time', async (t) => {
  const id = await aDeadLetter();
  const { deadLetters } = repositories();
  let second: unknown = 'not asked';
  await deadLetters.take(id, async () => {
    second = await deadLetters.take(id, async () => t.fail());
  });
  t.is(second, null);
});

test('a dead letter with an id that is none does not exist', async (t) => {
  t.is(await repositories().deadLetters.take('x', async () => t.fail()), null);
  t.false(await repositories().deadLetters.discard('x'));
});

const HOUR_MS = 3_600_000;
const RETENTION = {
  journalMs: HOUR_MS,
  eventsMs: HOUR_MS,
  operationsMs: HOUR_MS,
  deadLettersMs: HOUR_MS,
  batchRows: 1_000,
};

test('a sweep removes what is past its retention and nothing else', async (t) => {
  const { database, pool } = await db.fresh();
  const account = await anAccount(pool);
  const [old, young] = [`now() - interval '61 minutes'`, `now() - interval '59 minutes'`];
  await pool.query(`
    insert into journal (address, seq, event, to_state, effects, duration_ms, at)
      select 'server/x', n, 'tick', 'running', '{}', 1, case when n <= 2500 then ${old} else ${young} end
      from generate_series(1, 2501) n;
    insert into events (type, subject_kind, subject_id, data, at) values
      ('a', 'server', 'x', '{}', ${old}), ('b', 'server', 'x', '{}', ${young});
    insert into dead_letters (id, address, event, error, attempts, at) values
      (gen_random_uuid(), 'old', '{}', '{}', 1, ${old}), (gen_random_uuid(), 'young', '{}', '{}', 1, ${young});
    insert into operations (id, command, target, account_id, status, finished_at, idempotency_key) values
      (gen_random_uuid(), 'old', 'server/x', '${account}', 'succeeded', ${old}, null),
      (gen_random_uuid(), 'young', 'server/x', '${account}', 'succeeded', ${young}, null),
      (gen_random_uuid(), 'keyed', 'server/x', '${account}', 'succeeded', ${old}, 'k'),
      (gen_random_uuid(), 'running', 'server/x', '${account}', 'running', null, null)`);
  const stores = openRepositories(database, randomUUID);
  t.deepEqual(await stores.sweep(RETENTION), { journal: 2500, events: 1, operations: 1, deadLetters: 1 });
  t.deepEqual(await stores.sweep(RETENTION), { journal: 0, events: 0, operations: 0, deadLetters: 0 });
  const left = async (sql: string) => (await pool.query(sql)).rows.map(({ what }) => what);
  t.deepEqual(await left('select command as what from operations order by 1'), ['keyed', 'running', 'young']);
  t.deepEqual(await left('select address as what from dead_letters'), ['young']);
  t.deepEqual(await left('select type as what from events'), ['b']);
  t.deepEqual(await left('select seq as what from journal'), [2501]);
});

test('the newest event outlives its retention, so that the log never seems to begin anew', async (t) => {
  const { database, pool } = await db.fresh();
  await pool.query(`insert into events (type, subject_kind, subject_id, data, at)
    select 'a', 'server', 'x', '{}', now() - interval '1 day' from generate_series(1, 3)`);
  const { events } = await openRepositories(database, randomUUID).sweep(RETENTION);
  t.is(events, 2);
  t.deepEqual((await pool.query('select seq from events')).rows, [{ seq: 3 }]);
});

test('a sweep that is aborted stops at the next batch', async (t) => {
  const { database, pool } = await db.fresh();
  await pool.query(`insert into journal (address, seq, event, to_state, effects, duration_ms, at)
    select 'server/x', n, 'tick', 'running', '{}', 1, now() - interval '1 day' from generate_series(1, 10) n`);
  const counts = await openRepositories(database, randomUUID).sweep(RETENTION, AbortSignal.abort());
  t.deepEqual(counts, { journal: 0, events: 0, operations: 0, deadLetters: 0 });
});
