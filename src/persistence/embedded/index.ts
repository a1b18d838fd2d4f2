/**
 * A PostgreSQL of our own below the data directory: found, made when it is missing, started, kept running, stopped.
 *
 * | what happens | what follows |
 * | --- | --- |
 * | first start | files are made aside and moved in whole |
 * | Baton is killed | the kernel has the postmaster shut down; the next start waits for its end |
 * | the postmaster dies | it is started again, at once and then with growing pauses, until it runs or Baton stops |
 * | Baton stops | fast shutdown, everything committed is on disk |
 */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { DatabaseParts } from '../connection.ts';
import { postgresAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { type ClusterPaths, clusterPaths, ensureCluster, makeOwnDirectory, SUPERUSER } from './cluster.ts';
import { launcher } from './launch.ts';
import { endOrphan } from './orphan.ts';
import { type Postmaster, type PostmasterExit, startPostmaster } from './postmaster.ts';

export { findBinaries } from './binaries.ts';
export { errors } from './errors.ts';
export { databaseVersion } from './probe.ts';

export interface EmbeddedLog {
  debug(details: Record<string, unknown>, message: string): void;
  info(details: Record<string, unknown>, message: string): void;
  warn(details: Record<string, unknown>, message: string): void;
}

export interface EmbeddedPostgresOptions {
  /** Baton's data directory; the database lies in `postgres` below it. The caller holds its lock. */
  readonly dataDir: string;
  readonly log?: EmbeddedLog;
}

export interface EmbeddedPostgres {
  /** Stays the same for the whole run, also when the server was restarted. */
  readonly connection: DatabaseParts;
  /** The same for `psql`. */
  readonly url: string;
  /** Process id of the server that runs now; null between two. */
  pid(): number | null;
  /** Calls back each time the server ended without being asked to. Returns how to stop. */
  onExit(listener: (exit: PostmasterExit) => void): () => void;
  /** Stops the server and its supervision. Calling it twice is no error. */
  stop(): Promise<void>;
}

const DATABASE = 'baton';
const PORT = 5432;
/** Pauses before a restart: the first is short, because most deaths are single; the last keeps a full disk from a busy loop. */
const BACKOFF_MS = [50, 250, 1_000, 5_000, 15_000] as const;
/** A server that ran so long starts its pauses anew. */
const STEADY_MS = 60_000;
const SILENT: EmbeddedLog = { debug: () => {}, info: () => {}, warn: () => {} };

/** @throws every code of this folder's `errors.ts` */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = SILENT } = options;
  const paths = clusterPaths(dataDir);
  const start = await prepare(paths, log);
  const connection = { host: paths.run, port: PORT, user: SUPERUSER, database: DATABASE };
  const first = await start();
  await ensureDatabase(connection);
  const { stop, ...supervised } = supervise(first, start, log);
  return {
    ...supervised,
    connection,
    url: `postgresql://${SUPERUSER}@localhost:${PORT}/${DATABASE}?host=${encodeURIComponent(paths.run)}`,
    async stop() {
      await stop();
      if (!paths.run.startsWith(paths.home)) await rm(paths.run, { recursive: true, force: true });
    },
  };
}

/** Everything up to the server itself. Returns how to start one. */
async function prepare(paths: ClusterPaths, log: EmbeddedLog): Promise<() => Promise<Postmaster>> {
  const binaries = await findBinaries();
  const account = await postgresAccount(paths.home);
  await makeOwnDirectory(paths.home, account);
  const launch = await launcher({ account, paths: [binaries.postgres, paths.home], cwd: paths.home });
  const end = async () => {
    const orphan = await endOrphan(paths.data);
    if (orphan !== null) log.info({ pid: orphan }, 'ended the database server that an earlier Baton left running');
    return orphan !== null;
  };
  await end();
  await ensureCluster(paths, binaries, launch);
  return async () => {
    await makeOwnDirectory(paths.run, account);
    return startAlone(
      () => startPostmaster(launch, binaries.postgres, paths, (line) => log.debug({ line }, 'postgres')),
      end,
    );
  };
}

/**
 * Starts a server; if it cannot, since an orphan is there after all, ends that one and starts again. An orphan whose Baton died
 * before it could tell the kernel may lock the directory only after it was looked for.
 */
export async function startAlone<T>(start: () => Promise<T>, endOrphan: () => Promise<boolean>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!(await endOrphan())) throw error;
    return start();
  }
}

async function ensureDatabase(connection: DatabaseParts): Promise<void> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [connection.database]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(connection.database)}`);
  } finally {
    await client.end();
  }
}

function supervise(first: Postmaster, start: () => Promise<Postmaster>, log: EmbeddedLog) {
  const listeners = new Set<(exit: PostmasterExit) => void>();
  const stopping = new AbortController();
  let current: Postmaster | null = first;

  const keep = async (): Promise<void> => {
    let deaths = 0;
    while (current !== null) {
      const startedAt = performance.now();
      const exit: PostmasterExit = await current.exited;
      current = null;
      if (stopping.signal.aborted) return;
      log.warn({ ...exit }, 'the database server ended by itself; it is started again');
      for (const listener of listeners) listener(exit);
      deaths = performance.now() - startedAt > STEADY_MS ? 0 : deaths + 1;
      current = await again(deaths);
    }
  };
  const again = async (deaths: number): Promise<Postmaster | null> => {
    for (let attempt = deaths; !stopping.signal.aborted; attempt += 1) {
      const pause = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length) - 1] ?? 0;
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) break;
      try {
        const next = await start();
        log.info({ pid: next.pid }, 'the database server runs again');
        return next;
      } catch (error) {
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          'the database server did not start',
        );
      }
    }
    return null;
  };
  const kept = keep();

  return {
    pid: () => current?.pid ?? null,
    onExit(listener: (exit: PostmasterExit) => void) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async stop() {
      stopping.abort();
      await current?.stop();
      await kept;
    },
  };
}
