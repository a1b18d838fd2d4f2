/**
 * How Baton talks to PostgreSQL: where it is, how long it may be silent, and what its types become in JavaScript.
 */
import { Socket } from 'node:net';
import pg from 'pg';

/** Where the database is: a URL (`postgresql://user:password@host:port/database`), or the same in parts. */
export type DatabaseTarget = { readonly url: string } | DatabaseParts;

export interface DatabaseParts {
  /** A host name, or the absolute path of the directory that holds the unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
}

export interface ConnectionLimits {
  /** Connections at most, those that are left to the turns among them. */
  readonly poolSize: number;
  /** How long to wait for a connection, be it made or freed by another query. */
  readonly connectTimeoutMs: number;
  /** After which the database itself gives up a statement; 0 for never. */
  readonly statementTimeoutMs: number;
}

/**
 * Ten connections serve one process: all of them its turns, seven at most its pages, ports and sweeps; three seconds are long for a
 * connection and short for a person; the commit path's slowest statement takes tens of milliseconds.
 */
export const DEFAULT_LIMITS: ConnectionLimits = { poolSize: 10, connectTimeoutMs: 3_000, statementTimeoutMs: 10_000 };

/** Of these, so many are left to the turns: for one that writes, one that reads what is brought to life, and timers and the lease. */
export const TURN_CONNECTIONS = 3;

/** A database that has said nothing for this long after its own statement timeout is not there any more. */
const SILENCE_MARGIN_MS = 2_000;

/** Whatever the database's own default is: a commit that we acknowledge must survive the death of the database. */
const DURABLE = '-c synchronous_commit=on';

/** The parts of a target, with what the URL leaves out taken from the environment as `psql` does (`PGUSER`…). */
export function partsOf(target: DatabaseTarget): DatabaseParts & { readonly ssl?: pg.ConnectionConfig['ssl'] } {
  if (!('url' in target)) return target;
  const { host, port, user, password, database, ssl } = new pg.Client(target.url);
  return {
    host,
    port,
    user: user ?? 'postgres',
    password: password ?? undefined,
    database: database ?? user ?? 'postgres',
    ssl,
  };
}

/** The pool's settings besides where the database is. */
export function poolConfig(limits: ConnectionLimits, applicationName: string): pg.PoolConfig {
  const { poolSize, connectTimeoutMs, statementTimeoutMs } = limits;
  return {
    max: poolSize,
    application_name: applicationName,
    options: DURABLE,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs || undefined,
    keepAlive: true,
    types: { getTypeParser },
    stream: () => (statementTimeoutMs > 0 ? watchedSocket(statementTimeoutMs + SILENCE_MARGIN_MS) : new Socket()),
  };
}

/**
 * The statement timeout needs a database that is alive. When its machine has vanished without a word, only our side can
 * tell: a socket that stays silent for longer than any statement may take is closed, which fails the query that waits
 * on it and removes the connection from the pool. (The driver's own `query_timeout` would keep the connection.)
 */
function watchedSocket(silenceMs: number): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () => socket.destroy(timedOut(silenceMs)));
}

function timedOut(silenceMs: number): Error {
  return Object.assign(new Error(`the database was silent for ${silenceMs} ms`), { code: 'ETIMEDOUT' });
}

/**
 * `bigint` becomes a number: all of ours count things (turns, bytes, events), which stay far below 2^53, and one that
 * does not is an error rather than a wrong number. `timestamptz` becomes a `Date`. MikroORM takes both as they are.
 */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === pg.types.builtins.INT8) return safeInteger;
  return pg.types.getTypeParser(oid, format as 'text');
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} from the database is too large for a number`);
  return value;
}
