import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/persistence/embedded/index.ts';

export const run = promisify(execFile);
export const isRoot = process.getuid?.() === 0;

/** A new directory, gone after the test. `private`: below the home directory, which others may not enter (as /root). */
export async function directory(t: ExecutionContext, where: 'temporary' | 'private' = 'temporary'): Promise<string> {
  const path = await mkdtemp(join(where === 'private' ? homedir() : tmpdir(), 'baton-test-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** An embedded database that is stopped before its directory goes. */
export async function database(t: ExecutionContext, dataDir: string): Promise<EmbeddedPostgres> {
  const started = await startEmbeddedPostgres({ dataDir });
  t.teardown(() => started.stop());
  return started;
}

export async function query<T extends pg.QueryResultRow>(from: EmbeddedPostgres, sql: string): Promise<T[]> {
  const client = new pg.Client(from.connection);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Starts another process with a database on this directory, and returns both pids once it runs. */
export async function otherProcess(t: ExecutionContext, dataDir: string): Promise<{ baton: number; server: number }> {
  const script = fileURLToPath(new URL('./owner.ts', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { baton: child.pid ?? 0, server: Number(line) };
}
