import test from 'ava';
import type { PoolClient } from 'pg';
import { translated } from '../../src/persistence/errors.ts';
import { shareOf } from '../../src/persistence/share.ts';
import { withDatabase } from './database.ts';

const db = withDatabase(test);

/** Longer than any of these tests waits for something that comes. */
const LONG_MS = 10_000;
const SHORT_MS = 100;

/** A share of a pool that has more connections than it. */
const aShare = async (most: number, timeoutMs: number) => {
  const { pool } = await db.open();
  return { pool, share: shareOf(pool, most, timeoutMs) };
};

const isRefused = async (what: Promise<unknown>) => {
  const why = await what.then(
    () => undefined,
    (thrown: unknown) => translated(thrown),
  );
  return why instanceof Error && 'code' in why && why.code === 'unavailable';
};

test('whoever finds the whole share in use is let in when a connection is given back, in the order in which they came', async (t) => {
  const { pool, share } = await aShare(2, LONG_MS);
  const [one, two] = [await share.connect(), await share.connect()];
  const came: string[] = [];
  const asked = ['third', 'fourth', 'fifth'].map(async (name) => {
    const client = await share.connect();
    came.push(name);
    client.release();
  });
  const sixth = share.query('select 6 as n').then(({ rows }) => came.push(`${rows[0]?.n}`));
  await pool.query('select pg_sleep(0.05)');
  t.deepEqual(came, []);
  t.is(pool.waitingCount, 0, 'none of them stands in the way of those who have the rest');
  one.release();
  await Promise.all([...asked, sixth]);
  t.deepEqual(came, ['third', 'fourth', 'fifth', '6']);
  two.release();
});

test('who waits too long is told what he would be told by the pool, and is not let in later', async (t) => {
  const { pool, share } = await aShare(1, SHORT_MS);
  const held = await share.connect();
  t.true(await isRefused(share.connect()));
  t.true(await isRefused(share.query('select 1')));
  held.release();
  t.is(pool.idleCount, pool.totalCount);
  t.deepEqual((await share.query('select 1 as n')).rows, [{ n: 1 }]);
});

test('a connection that is released twice gives back one place', async (t) => {
  const { share } = await aShare(1, SHORT_MS);
  const client = await share.connect();
  const { release } = client;
  release();
  t.throws(() => release(), { message: /already been released/ });
  const again = await share.connect();
  t.true(await isRefused(share.connect()));
  again.release();
});

test('a connection gives back its place when it broke, or is thrown away', async (t) => {
  const { pool, share } = await aShare(1, LONG_MS);
  const pidOf = async (client: PoolClient) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid;
  const broken = await share.connect();
  const pid = await pidOf(broken);
  const ended = new Promise<void>((resolve) => broken.once('end', resolve));
  const lost = t.throwsAsync(broken.query('select pg_sleep(60)'));
  await pool.query('select pg_terminate_backend($1)', [pid]);
  await Promise.all([lost, ended]);
  broken.release();
  const thrownAway = await share.connect();
  t.not(await pidOf(thrownAway), pid);
  thrownAway.release(new Error('nobody knows what state it is in'));
  t.deepEqual((await share.query('select 1 as n')).rows, [{ n: 1 }]);
});

test('a connection that is lost within a transaction of MikroORM is not missing afterwards', async (t) => {
  const { orm, pool } = await db.open({ poolSize: 2, connectTimeoutMs: 2_000 });
  for (let n = 0; n < 2; n += 1) {
    const interrupted = orm.em.fork().transactional(async (em) => {
      const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1)', [row?.pid]);
      await em.execute('select pg_sleep(60)');
    });
    t.notRegex((await t.throwsAsync(interrupted))?.message ?? '', /timeout/);
  }
  t.deepEqual(await orm.em.fork().execute('select 1 as n'), [{ n: 1 }]);
  t.is(pool.totalCount, pool.idleCount);
});

test('a statement that fails and a connection that cannot be made hold no place', async (t) => {
  const { share } = await aShare(1, SHORT_MS);
  for (let n = 0; n < 2; n += 1) await t.throwsAsync(share.query('select * from nothing'), { message: /nothing/ });
  await t.notThrowsAsync(share.query('select 1'));
  const { shared } = await db.open({ target: { ...db.parts, database: 'nowhere' }, poolSize: 1 });
  for (let n = 0; n < 2; n += 1) await t.throwsAsync(shared.connect(), { message: /nowhere/ });
});
