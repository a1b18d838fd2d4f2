/**
 * The database of one process: one pool, of which the turns may have every connection and all else, MikroORM with it, only a
 * share. However many read at once, a turn never stands in line behind them: a commit that got no connection would look like
 * an outage.
 */
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM } from '@mikro-orm/postgresql';
import { PostgresDialect } from 'kysely';
import pLimit from 'p-limit';
import pg, { type Pool, type PoolConfig } from 'pg';
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
import { type Share, shareOf } from './share.ts';

export type DatabaseLog = Pick<Logger, 'warn'>;

export interface DatabaseOptions extends Partial<ConnectionLimits> {
  readonly target: DatabaseTarget;
  /** Shown in `pg_stat_activity`. Default `baton`. */
  readonly applicationName?: string;
  readonly log?: DatabaseLog;
}

export interface Database {
  /** Over the share. */
  readonly orm: MikroORM;
  /**
   * All connections. Only the commit store takes them from here. They pipeline: what is handed over together leaves together.
   * The pool outlives an outage: broken connections are dropped and made anew when they are needed.
   */
  readonly pool: Pool;
  /** What all others take connections from, so that some are left to the turns. */
  readonly shared: Share;
  /**
   * Runs what Baton reads and writes by itself, with few connections of the share at once: what a thousand servers that come up
   * need waits here, as long as it takes, and people who ask for a page do not wait behind it.
   */
  background<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Brings the schema up to date, one process at a time. Returns the migrations that were applied. Throws
   * `database_unsupported`, `database_newer`, `unavailable`.
   */
  migrate(): Promise<readonly string[]>;
  /** Throws `unavailable` while the database does not answer. Pages that wait for each other do not keep the answer back. */
  ping(): Promise<void>;
  /** Closes the pool once all its connections were given back. */
  close(): Promise<void>;
}

/** Prepares the pool; nothing is sent before the first query, so this does not fail on a database that is down. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const limits = limitsOf(options);
  const pool = openPool(options, limits);
  const shared = shareOf(pool, limits.poolSize - leftToTurns(limits), limits.connectTimeoutMs);
  const orm = await openOrm(options, dialectOver(shared));
  return {
    orm,
    pool,
    shared,
    background: pLimit(BACKGROUND),
    migrate: () =>
      translating(async () => {
        const unhurried = await openOrm(options, configOf(options, { ...limits, poolSize: 2, statementTimeoutMs: 0 }));
        try {
          return await migrate(unhurried);
        } finally {
          await unhurried.close();
        }
      }),
    ping: asOne(() =>
      translating(async () => {
        await pool.query('select 1');
      }),
    ),
    async close() {
      await orm.close();
      await pool.end();
    },
  };
}

/** A list takes two connections while it is read, one for its rows and one for how many there are. */
const BACKGROUND = 2;

function limitsOf(options: DatabaseOptions): ConnectionLimits {
  const { poolSize, connectTimeoutMs, statementTimeoutMs } = { ...DEFAULT_LIMITS, ...options };
  return { poolSize, connectTimeoutMs, statementTimeoutMs };
}

/** Of few connections it is half, and the only one cannot be kept for anybody. */
const leftToTurns = ({ poolSize }: ConnectionLimits): number => Math.min(TURN_CONNECTIONS, Math.floor(poolSize / 2));

const configOf = ({ target, applicationName = 'baton' }: DatabaseOptions, limits: ConnectionLimits): PoolConfig => ({
  ...partsOf(target),
  ...poolConfig(limits, applicationName),
});

function openPool(options: DatabaseOptions, limits: ConnectionLimits): Pool {
  const note = (error: Error) => options.log?.warn(`A connection to the database broke: ${error.message}`);
  // Whoever waits on it is told by his query; without a listener the process would end.
  return new pg.Pool({ ...configOf(options, limits), pipeline: true })
    .on('error', note)
    .on('connect', (client) => client.on('error', note));
}

/** How MikroORM uses connections that are not its own. It may not end them, and it cancels nothing, for which it would need more. */
const dialectOver = ({ connect }: Share): PostgresDialect =>
  new PostgresDialect({ pool: { connect, end: async () => undefined, options: {} } });

/** @param driverOptions a dialect, or the settings of a pool that MikroORM then makes for itself */
async function openOrm(
  { target, log }: DatabaseOptions,
  driverOptions: PostgresDialect | PoolConfig,
): Promise<MikroORM> {
  return MikroORM.init({
    dbName: partsOf(target).database,
    driverOptions,
    entities: [...entities],
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'migrations', snapshot: false, silent: true },
    ensureDatabase: false,
    metadataCache: { enabled: false },
    colors: false,
    logger: (message) => log?.warn(message),
  });
}

/** Who calls while another's call is under way gets that one's answer, so that it takes one connection however many ask. */
function asOne<T>(call: () => Promise<T>): () => Promise<T> {
  let under: Promise<T> | undefined;
  return () => {
    under ??= call().finally(() => {
      under = undefined;
    });
    return under;
  };
}
