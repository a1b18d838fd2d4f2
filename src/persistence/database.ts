/**
 * The database of one process: MikroORM for what is read and kept, and the same pool for the hand-written SQL of the
 * commit path.
 */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { type ConnectionLimits, type DatabaseTarget, DEFAULT_LIMITS, partsOf, poolConfig } from './connection.ts';
import { entities } from './entities/index.ts';
import { translating } from './errors.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';

export type DatabaseLog = Pick<Logger, 'warn'>;

export interface DatabaseOptions extends Partial<ConnectionLimits> {
  readonly target: DatabaseTarget;
  /** Shown in `pg_stat_activity`. Default `baton`. */
  readonly applicationName?: string;
  readonly log?: DatabaseLog;
}

export interface Database {
  readonly orm: MikroORM;
  /** MikroORM's own pool. It outlives an outage: broken connections are dropped and made anew when they are needed. */
  readonly pool: Pool;
  /**
   * Brings the schema up to date, one process at a time. Returns the migrations that were applied. Throws
   * `database_unsupported`, `database_newer`, `unavailable`.
   */
  migrate(): Promise<readonly string[]>;
  /** Throws `unavailable` while the database does not answer. */
  ping(): Promise<void>;
  /** Closes the pool once all its connections were given back. */
  close(): Promise<void>;
}

/** Prepares the connection; nothing is sent before the first query, so this does not fail on a database that is down. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const orm = await openOrm(options);
  const pool = (await orm.em.getConnection().getNativeClient()) as Pool;
  return {
    orm,
    pool,
    migrate: () =>
      translating(async () => {
        const unhurried = await openOrm({ ...options, poolSize: 2, statementTimeoutMs: 0 });
        try {
          return await migrate(unhurried);
        } finally {
          await unhurried.close();
        }
      }),
    ping: () =>
      translating(async () => {
        await pool.query('select 1');
      }),
    async close() {
      await orm.close();
      // MikroORM ends the pool only when it has used it itself.
      if (!pool.ending) await pool.end();
    },
  };
}

async function openOrm(options: DatabaseOptions): Promise<MikroORM> {
  const { host, port, user, password, database, ssl } = partsOf(options.target);
  const { poolSize, connectTimeoutMs, statementTimeoutMs } = { ...DEFAULT_LIMITS, ...options };
  const limits = { poolSize, connectTimeoutMs, statementTimeoutMs };
  return MikroORM.init({
    host,
    port,
    user,
    password,
    dbName: database,
    driverOptions: { ...poolConfig(limits, options.applicationName ?? 'baton'), ssl },
    entities: [...entities],
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'migrations', snapshot: false, silent: true },
    ensureDatabase: false,
    metadataCache: { enabled: false },
    colors: false,
    logger: (message) => options.log?.warn(message),
  });
}
