import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg, { type Pool } from 'pg';
import { partsOf } from '../src/persistence/connection.ts';
import { openDatabase } from '../src/persistence/database.ts';
import { startEmbeddedPostgres } from '../src/persistence/embedded/index.ts';

/** The one account that benchmarks act for. */
export const ACCOUNT = '00000000-0000-7000-8000-000000000000';

/** How many connections to the database a benchmark and its baselines have. */
export const CONNECTIONS = 20;

/**
 * A PostgreSQL as Baton runs it, fsync on, migrated, for as long as `use` takes.
 * @param use gets Baton's pool, and for baselines one whose connections do not pipeline: who asks one after the other is slower
 *   on those that do
 */
export async function withRealDatabase<T>(use: (pool: Pool, plain: Pool) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const postgres = await startEmbeddedPostgres({ dataDir });
  try {
    const target = postgres.connection;
    const database = await openDatabase({ target, poolSize: CONNECTIONS });
    // Its last connections may still hear that the database stops.
    const plain = new pg.Pool({ ...partsOf(target), max: CONNECTIONS }).on('error', () => undefined);
    try {
      await database.migrate();
      await database.pool.query(`insert into accounts (id, name, role) values ($1, 'bench', 'admin')`, [ACCOUNT]);
      return await use(database.pool, plain);
    } finally {
      await plain.end();
      await database.close();
    }
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
