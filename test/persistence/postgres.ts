/**
 * A PostgreSQL of the test process's own: real, launched by Baton's own code (so that it ends with the process, whatever
 * ends that), but without fsync. All tests of a file share one; a test that wants to kill it starts its own.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DatabaseParts } from '../../src/persistence/connection.ts';
import { postgresAccount } from '../../src/persistence/embedded/account.ts';
import { findBinaries } from '../../src/persistence/embedded/binaries.ts';
import { clusterPaths, ensureCluster, makeOwnDirectory, SUPERUSER } from '../../src/persistence/embedded/cluster.ts';
import { type Launch, launcher } from '../../src/persistence/embedded/launch.ts';
import { startPostmaster } from '../../src/persistence/embedded/postmaster.ts';
import { eventually } from '../eventually.ts';

export interface TestServer {
  /** Where a database of this server is. */
  parts(database: string): DatabaseParts;
  /** Runs SQL as an administrator, outside of any pool. */
  admin(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Ends the postmaster with SIGKILL; its children leave when they notice. The files stay. */
  kill(): Promise<void>;
  /** Starts it again on the same files and the same socket. */
  restart(): Promise<void>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** How the administrator calls itself, so that leak checks can leave it out. */
export const ADMINISTRATOR = 'test administrator';

/** Speed over durability: these databases do not outlive the test. Later flags win over Baton's own. */
const FLAGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];

export async function startPostgres(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-test-'));
  await chmod(directory, 0o755);
  const start = await prepare(directory);
  const parts = (database: string): DatabaseParts => ({
    host: clusterPaths(directory).run,
    port: 5432,
    user: SUPERUSER,
    database,
  });
  let postmaster = await start();
  return {
    parts,
    admin: (sql, values) => queryOnce(parts('postgres'), sql, values),
    async kill() {
      process.kill(postmaster.pid, 'SIGKILL');
      await postmaster.exited;
    },
    async restart() {
      postmaster = await eventually('the server has started again', () => start().catch(() => null));
    },
    async stop() {
      await postmaster.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function prepare(directory: string): Promise<() => ReturnType<typeof startPostmaster>> {
  const paths = clusterPaths(directory);
  const { postgres, ...binaries } = await findBinaries();
  const account = await postgresAccount(paths.home);
  await makeOwnDirectory(paths.home, account);
  const launch = await launcher({ account, paths: [postgres, paths.home], cwd: paths.home });
  await ensureCluster(paths, { postgres, ...binaries }, withArguments(launch, ['--no-sync']));
  await makeOwnDirectory(paths.run, account);
  const unsafe = withArguments(
    launch,
    FLAGS.flatMap((flag) => ['-c', flag]),
  );
  return () => startPostmaster(unsafe, postgres, paths, () => undefined);
}

function withArguments(launch: Launch, more: readonly string[]): Launch {
  return (program, args) => launch(program, [...args, ...more]);
}

async function queryOnce(target: DatabaseParts, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...target, application_name: ADMINISTRATOR });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
