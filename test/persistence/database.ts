/**
 * Gives a test file a database: a fresh clone of one that was migrated once, on a PostgreSQL that belongs to the test
 * process. Afterwards it checks that no connection was left behind.
 *
 *     const db = withDatabase(test);
 *     test('…', async (t) => { await db.pool.query('…'); });
 */
import { randomUUID } from 'node:crypto';
import type { TestFn } from 'ava';
import type { Pool } from 'pg';
import type { DatabaseParts } from '../../src/persistence/connection.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/persistence/database.ts';
import { eventually } from '../eventually.ts';
import { ADMINISTRATOR, startPostgres, type TestServer } from './postgres.ts';

const TEMPLATE = 'baton_template';

export interface TestDatabase {
  /** Open, with Baton's own limits. */
  readonly database: Database;
  readonly pool: Pool;
  readonly server: TestServer;
  /** Where it is, for a second process or a second pool on the same data. */
  readonly parts: DatabaseParts;
  /** Opens one more pool on the same data, closed and checked with the first. */
  open(options?: Partial<DatabaseOptions>): Promise<Database>;
  /** One more fresh database, closed and checked with the first. */
  fresh(): Promise<{ readonly database: Database; readonly pool: Pool; readonly parts: DatabaseParts }>;
}

/** The server of this process, started when the first file asks for it. */
let shared: Promise<TestServer> | undefined;
let users = 0;

async function sharedServer(): Promise<TestServer> {
  shared ??= startPostgres().then(async (server) => {
    await makeTemplate(server);
    return server;
  });
  return shared;
}

/** Makes a migrated database that others are cloned from. */
export async function makeTemplate(server: TestServer): Promise<void> {
  await server.admin(`create database ${TEMPLATE}`);
  const database = await openDatabase({ target: server.parts(TEMPLATE) });
  await database.migrate();
  await database.close();
}

/** Clones the template; takes some 30 ms. */
export async function cloneTemplate(server: TestServer): Promise<DatabaseParts> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await server.admin(`create database ${name} template ${TEMPLATE}`);
  return server.parts(name);
}

/** Registers `before` and `after.always` hooks; the result may be used inside tests and later hooks. */
export function withDatabase(test: TestFn<unknown>): TestDatabase {
  const opened: Database[] = [];
  let current: { server: TestServer; parts: DatabaseParts; database: Database } | undefined;
  const ready = () => {
    if (current === undefined) throw new Error('the database is there only inside tests');
    return current;
  };
  const open = async (options: DatabaseOptions): Promise<Database> => {
    const database = await openDatabase({ applicationName: 'baton test', ...options });
    opened.push(database);
    return database;
  };

  test.serial.before('a database is there', async () => {
    users += 1;
    const server = await sharedServer();
    const parts = await cloneTemplate(server);
    current = { server, parts, database: await open({ target: parts }) };
  });

  test.after.always('no connection is left behind', async () => {
    if (current === undefined) return;
    try {
      await closeAll(opened, current.server);
    } finally {
      users -= 1;
      if (users === 0) {
        shared = undefined;
        await current.server.stop();
      }
    }
  });

  return {
    get database() {
      return ready().database;
    },
    get pool() {
      return ready().database.pool;
    },
    get server() {
      return ready().server;
    },
    get parts() {
      return ready().parts;
    },
    open: (options) => open({ target: ready().parts, ...options }),
    async fresh() {
      const parts = await cloneTemplate(ready().server);
      const database = await open({ target: parts });
      return { database, pool: database.pool, parts };
    },
  };
}

/** Closes the pools and throws when a client was not given back or a connection outlives its pool. */
export async function closeAll(databases: readonly Database[], server: TestServer): Promise<void> {
  for (const { pool } of databases) {
    const busy = pool.totalCount - pool.idleCount;
    if (busy > 0) throw new Error(`${busy} connections were taken from the pool and never given back`);
  }
  await Promise.all(databases.map((database) => database.close()));
  await eventually('every connection to a test database is closed', async () => {
    const [row] = await server.admin(
      `select count(*)::integer as open from pg_stat_activity
       where backend_type = 'client backend' and application_name <> $1`,
      [ADMINISTRATOR],
    );
    return row?.open === 0;
  });
}
