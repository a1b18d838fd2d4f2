import test from 'ava';
import { openDatabase } from '../../src/persistence/database.ts';
import { isConnectionError, translated } from '../../src/persistence/errors.ts';
import { withDatabase } from './database.ts';

const db = withDatabase(test);

test('what MikroORM knows of the schema is what the migrations made', async (t) => {
  t.is(await db.database.orm.schema.getUpdateSchemaSQL({ wrap: false }), '');
});

test('the pool and MikroORM give whole numbers, times and JSON as what they are', async (t) => {
  const text = `select 9007199254740991::bigint as n, '2026-01-02 03:04:05.678+00'::timestamptz as at,
    '"text"'::jsonb as j, '{"a": [1, null]}'::json as k, null::bigint as none, '{a,b}'::text[] as list,
    array['2026-01-02 03:04:05.678+00'::timestamptz] as times`;
  const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  const row = {
    n: Number.MAX_SAFE_INTEGER,
    at,
    j: 'text',
    k: { a: [1, null] },
    none: null,
    list: ['a', 'b'],
    times: [at],
  };
  t.deepEqual((await db.pool.query(text)).rows, [row]);
  t.deepEqual(await db.database.orm.em.fork().execute(text), [row]);
});

test('a whole number that JavaScript cannot hold is an error, not another number', async (t) => {
  await t.throwsAsync(db.pool.query('select 9007199254740993::bigint as n'), { instanceOf: RangeError });
  t.deepEqual((await db.pool.query('select 1::bigint as n')).rows, [{ n: 1 }]);
});

test('the connections say whose they are', async (t) => {
  const database = await db.open({ applicationName: 'baton 42' });
  const { rows } = await database.pool.query(`select current_setting('application_name') as name`);
  t.deepEqual(rows, [{ name: 'baton 42' }]);
});

test('a database may be named by a URL', async (t) => {
  const { host, database: name } = db.parts;
  const url = `postgresql://baton@/${name}?host=${encodeURIComponent(host)}`;
  const database = await db.open({ target: { url } });
  const { rows } = await database.pool.query('select current_database() as name');
  t.deepEqual(rows, [{ name }]);
});

test('a statement that takes too long is given up, and the next one works', async (t) => {
  const database = await db.open({ statementTimeoutMs: 100, poolSize: 1 });
  const late = await t.throwsAsync(database.pool.query('select pg_sleep(30)'), { message: /statement timeout/ });
  t.like(translated(late), { code: 'unavailable', retry: 'transient' });
  t.false(isConnectionError(late));
  await t.notThrowsAsync(database.ping());
});

test('a pool whose connections are all taken is unavailable, not a long wait', async (t) => {
  const database = await db.open({ poolSize: 1, connectTimeoutMs: 1_000 });
  const client = await database.pool.connect();
  t.like(await t.throwsAsync(database.ping()), { code: 'unavailable' });
  client.release();
  await t.notThrowsAsync(database.ping());
});

test('many who ask at once whether the database is there take one connection', async (t) => {
  const database = await db.open();
  await Promise.all(Array.from({ length: 20 }, () => database.ping()));
  t.is(database.pool.totalCount, 1);
});

test('a database that was closed has no connection left', async (t) => {
  const database = await openDatabase({ target: db.parts, applicationName: 'closed' });
  await database.ping();
  await database.close();
  t.true(database.pool.ended);
  t.is(database.pool.totalCount, 0);
});
