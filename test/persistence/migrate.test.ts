import test from 'ava';
import { refuseOldServer } from '../../src/persistence/migrate.ts';
import { migrations } from '../../src/persistence/migrations/index.ts';
import { withDatabase } from './database.ts';

const db = withDatabase(test);

async function anEmptyDatabase(name: string) {
  await db.server.admin(`create database ${name}`);
  return db.server.parts(name);
}

const ALL = migrations.map(({ name }) => name);

test('processes that start at once apply each migration once', async (t) => {
  const target = await anEmptyDatabase('at_once');
  const processes = await Promise.all(Array.from({ length: 4 }, () => db.open({ target })));
  const applied = await Promise.all(processes.map((database) => database.migrate()));
  t.deepEqual(applied.flat(), ALL);
  t.deepEqual(await processes[0]?.migrate(), []);
});

test('a migration waits for the one that is running, however long that takes', async (t) => {
  const target = await anEmptyDatabase('patient');
  const database = await db.open({ target, statementTimeoutMs: 100 });
  const holder = await database.pool.connect();
  await holder.query('select pg_advisory_lock(22866)');
  const migrating = database.migrate();
  const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted
                   and database = (select oid from pg_database where datname = 'patient')`;
  while ((await db.server.admin(waiting)).length === 0);
  await db.server.admin('select pg_sleep(0.3)');
  holder.release(true);
  t.deepEqual(await migrating, ALL);
});

test('a database that a newer Baton made is refused by name', async (t) => {
  const { database, pool } = await db.fresh();
  await pool.query(`insert into migrations (name) values ('Migration9999Future')`);
  const error = await t.throwsAsync(database.migrate());
  t.like(error, { code: 'database_newer', retry: 'permanent' });
  t.regex(error?.message ?? '', /newer Baton.*Migration9999Future/);
});

test('a PostgreSQL that is too old is refused with what is needed and what was found', async (t) => {
  const answering = (number: number, found: string) => ({ query: async () => ({ rows: [{ number, found }] }) });
  const error = await t.throwsAsync(refuseOldServer(answering(130_014, '13.14')));
  t.like(error, { code: 'database_unsupported', retry: 'permanent' });
  t.regex(error?.message ?? '', /needs PostgreSQL 14 or newer; this database is 13\.14/);
  await t.notThrowsAsync(refuseOldServer(answering(140_000, '14.0')));
});

test('a migration that fails leaves nothing behind and no lock', async (t) => {
  const target = await anEmptyDatabase('broken');
  const database = await db.open({ target });
  await database.pool.query('create table dead_letters (in_the_way integer)');
  await t.throwsAsync(database.migrate(), { message: /dead_letters/ });
  const { rows } = await database.pool.query(`select to_regclass('servers') as servers`);
  t.deepEqual(rows, [{ servers: null }]);
  await database.pool.query('drop table dead_letters');
  t.deepEqual(await database.migrate(), ALL);
});
