import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { openDatabase } from '../src/persistence/database.ts';
import { startEmbeddedPostgres } from '../src/persistence/embedded/index.ts';

/** The one account that benchmarks act for. */
export const ACCOUNT = '00000000-0000-7000-8000-000000000000';

/** How many connections to the database a benchmark and its baselines have. */
export const CONNECTIONS = 20;

/** A PostgreSQL as Baton runs it, fsync on, migrated, for as long as `use` takes. */
export async function withRealDatabase<T>(use: (pool: Pool) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const database = await openDatabase({ target: postgres.connection, poolSize: CONNECTIONS });
    try {
      await database.migrate();
      await database.pool.query(`insert into accounts (id, name, role) values ($1, 'bench', 'admin')`, [ACCOUNT]);
      return await use(database.pool);
    } finally {
      await database.close();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
