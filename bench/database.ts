import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { TURN_CONNECTIONS } from '../src/persistence/connection.ts';
import { openDatabase } from '../src/persistence/database.ts';
import { startEmbeddedPostgres } from '../src/persistence/embedded/index.ts';

/** The one account that benchmarks act for. */
export const ACCOUNT = '00000000-0000-7000-8000-000000000000';

/** How many connections to the database the baselines have. */
export const CONNECTIONS = 20;

/**
 * A PostgreSQL as Baton runs it, fsync on, migrated, for as long as `use` takes.
 * @param use gets the connections of baselines and questions, and those of the turns
 */
export async function withRealDatabase<T>(use: (pool: Pool, turns: Pool) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const database = await openDatabase({ target: postgres.connection, poolSize: CONNECTIONS + TURN_CONNECTIONS });
    try {
      await database.migrate();
      await database.pool.query(`insert into accounts (id, name, role) values ($1, 'bench', 'admin')`, [ACCOUNT]);
      return await use(database.pool, database.turns);
    } finally {
      await database.close();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
