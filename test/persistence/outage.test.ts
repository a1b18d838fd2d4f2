import { randomUUID } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { openDatabase } from '../../src/persistence/database.ts';
import { isConnectionError, translated } from '../../src/persistence/errors.ts';
import { createReads } from '../../src/persistence/reads.ts';
import { openRepositories } from '../../src/persistence/repositories/index.ts';
import { eventually } from '../eventually.ts';
import { cloneTemplate, closeAll, makeTemplate } from './database.ts';
import { startPostgres } from './postgres.ts';

const UNAVAILABLE = { code: 'unavailable', retry: 'transient', status: 503 };

test.serial('a database that dies is unavailable within seconds, and used again when it is back', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await makeTemplate(server);
  const database = await openDatabase({ target: await cloneTemplate(server) });
  const reads = createReads(database);
  const stores = openRepositories(database, randomUUID);
  await Promise.all(Array.from({ length: 10 }, () => reads.counts()));

  const inFlight = [
    t.throwsAsync(database.pool.query('select pg_sleep(60)')),
    t.throwsAsync(database.orm.em.fork().execute('select pg_sleep(60)')),
  ];
  await eventually('both statements are running', async () => {
    const running = await server.admin(`select 1 from pg_stat_activity where query = 'select pg_sleep(60)'`);
    return running.length === 2;
  });
  await server.kill();
  for (const lost of await Promise.all(inFlight)) {
    t.true(isConnectionError(lost));
    t.like(translated(lost), UNAVAILABLE);
  }
  const began = performance.now();
  for (const call of [
    () => reads.ping(),
    () => reads.servers({}, { limit: 1 }),
    () => reads.counts(),
    () => stores.ensureAdmin(),
    () => stores.portsOf(randomUUID()),
    () => stores.deadLetters.take(randomUUID(), async () => undefined),
    () => database.migrate(),
  ]) {
    t.like(await t.throwsAsync(call()), UNAVAILABLE);
  }
  t.true(performance.now() - began < 10_000);

  await server.restart();
  await eventually('the database answers again', () =>
    reads.ping().then(
      () => true,
      () => false,
    ),
  );
  await t.notThrowsAsync(Promise.all(Array.from({ length: 20 }, () => reads.servers({}, { limit: 1 }))));
  await closeAll([database], server);
});

test.serial('a database that starts later than Baton is used once it is there', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await server.kill();
  const database = await openDatabase({ target: server.parts('postgres') });
  t.like(await t.throwsAsync(database.ping()), UNAVAILABLE);
  await server.restart();
  await eventually('the database answers', () =>
    database.ping().then(
      () => true,
      () => false,
    ),
  );
  await closeAll([database], server);
});

/** Stands before a server's socket; once it is frozen, it accepts and keeps everything, as a vanished machine seems to. */
async function aProxy(socketPath: string) {
  const sockets = new Set<Socket>();
  let frozen = false;
  const proxy = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    if (frozen) return;
    const inner = connect(socketPath).on('error', () => undefined);
    sockets.add(inner);
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return {
    port: address.port,
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    thaw() {
      frozen = false;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    },
  };
}

test.serial('a machine that vanishes without a word is unavailable, on open connections and on new ones', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await makeTemplate(server);
  const { host, port, user, database: name } = await cloneTemplate(server);
  const proxy = await aProxy(`${host}/.s.PGSQL.${port}`);
  t.teardown(() => proxy.close());
  const url = `postgresql://${user}@127.0.0.1:${proxy.port}/${name}`;
  const database = await openDatabase({
    target: { url },
    connectTimeoutMs: 1_000,
    statementTimeoutMs: 200,
    poolSize: 2,
  });
  const reads = createReads(database);
  await Promise.all([reads.ping(), reads.servers({}, { limit: 1 })]);

  proxy.freeze();
  const [onOpen, throughOrm] = [t.throwsAsync(reads.ping()), t.throwsAsync(reads.server(randomUUID()))];
  t.like(await onOpen, UNAVAILABLE);
  t.like(await throughOrm, UNAVAILABLE);
  t.like(await t.throwsAsync(reads.ping()), UNAVAILABLE);

  proxy.thaw();
  await t.notThrowsAsync(reads.ping());
  t.is(await reads.server(randomUUID()), null);
  proxy.close();
  await closeAll([database], server);
});
