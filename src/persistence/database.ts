/**
 * The database of one process: MikroORM for what is read and kept, and connections of their own for the turns. However many
 * read at once, a turn never stands in line behind them: a commit that got no connection would look like an outage.
 */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import pLimit from 'p-limit';
import pg, { type Pool } from 'pg';
import type { Logger } from 'pino';
import {
  type ConnectionLimits,
  type DatabaseTarget,
  DEFAULT_LIMITS,
  partsOf,
  poolConfig,
  TURN_CONNECTIONS,
} from './connection.ts';
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
  /** For the commit store alone. Its connections pipeline: what is handed over together leaves together. */
  readonly turns: Pool;
  /**
   * Runs what Baton reads and writes by itself, with few connections of the pool at once: what a thousand servers that come up
   * need waits here, as long as it takes, and people who ask for a page do not wait behind it.
   */
  background<T>(work: () => Promise<T>): Promise<T>;
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
  const limits = limitsOf(options);
  const forTurns = Math.min(TURN_CONNECTIONS, Math.ceil(limits.poolSize / 3));
  const orm = await openOrm(options, { ...limits, poolSize: Math.max(1, limits.poolSize - forTurns) });
  const pool = (await orm.em.getConnection().getNativeClient()) as Pool;
  const turns = openTurns(options, { ...limits, poolSize: forTurns });
  return {
    orm,
    pool,
    turns,
    background: pLimit(BACKGROUND),
    migrate: () =>
      translating(async () => {
        const unhurried = await openOrm(options, { ...limits, poolSize: 2, statementTimeoutMs: 0 });
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
      await turns.end();
    },
  };
}

/** A list takes two connections while it is read, one for its rows and one for how many there are. */
const BACKGROUND = 2;

function limitsOf(options: DatabaseOptions): ConnectionLimits {
  const { poolSize, connectTimeoutMs, statementTimeoutMs } = { ...DEFAULT_LIMITS, ...options };
  return { poolSize, connectTimeoutMs, statementTimeoutMs };
}

const driverOptions = ({ applicationName = 'baton' }: DatabaseOptions, limits: ConnectionLimits) =>
  poolConfig(limits, applicationName);

function openTurns(options: DatabaseOptions, limits: ConnectionLimits): Pool {
  const pipelined = { ...partsOf(options.target), ...driverOptions(options, limits), pipeline: true };
  const note = (error: Error) => options.log?.warn(`A connection to the database broke: ${error.message}`);
  // Whoever waits on it is told by his query; without a listener the process would end.
  return new pg.Pool(pipelined).on('error', note).on('connect', (client) => client.on('error', note));
}

async function openOrm(options: DatabaseOptions, limits: ConnectionLimits): Promise<MikroORM> {
  const { host, port, user, password, database, ssl } = partsOf(options.target);
  return MikroORM.init({
    host,
    port,
    user,
    password,
    dbName: database,
    driverOptions: { ...driverOptions(options, limits), ssl },
    entities: [...entities],
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'migrations', snapshot: false, silent: true },
    ensureDatabase: false,
    metadataCache: { enabled: false },
    colors: false,
    logger: (message) => options.log?.warn(message),
  });
}
