import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import test from 'ava';
import { openDatabase } from '../../src/persistence/database.ts';
import { createReads } from '../../src/persistence/reads.ts';
import { openRepositories } from '../../src/persistence/repositories/index.ts';
import { cloneTemplate, closeAll, makeTemplate } from './database.ts';
import { startPostgres, until } from './postgres.ts';

const UNAVAILABLE = { code: 'unavailable', retry: 'transient', status: 503 };

test.serial('a database that dies is unavailable within seconds, and used again when it is back', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await makeTemplate(server);
  const database = await openDatabase({ target: await cloneTemplate(server) });
  const reads = createReads(database);
  const stores = openRepositories(database, randomUUID);
  await Promise.all(Array.from({ length: 10 }, () => reads.counts()));

  const inFlight = t.throwsAsync(database.pool.query('select pg_sleep(60)'));
  await server.kill();
  await inFlight;
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
  t.true(performance.now() - began < 5_000);

  await server.restart();
  await until('the database answers again', () =>
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
  await until('the database answers', () =>
    database.ping().then(
      () => true,
      () => false,
    ),
  );
  await closeAll([database], server);
});

/** Listens, and never says a word: a machine that has vanished behind its open connections. */
async function aSilentServer(): Promise<{ server: Server; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return { server, port: address.port, sockets };
}

test.serial('a server that accepts and stays silent is unavailable after the connection timeout', async (t) => {
  const { server, port, sockets } = await aSilentServer();
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = `postgresql://postgres:test@127.0.0.1:${port}/baton`;
  const database = await openDatabase({ target: { url }, connectTimeoutMs: 200 });
  t.like(await t.throwsAsync(database.ping()), UNAVAILABLE);
  await database.close();
});
