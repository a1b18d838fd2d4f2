import type { MikroORM } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { errors } from './errors.ts';
import { migrations } from './migrations/index.ts';

/** The oldest PostgreSQL that Baton is tested with and that still gets fixes. */
const NEEDED_MAJOR = 14;

/** Any number that no other program uses on the same database: "baton" in a telephone's letters. */
const MIGRATION_LOCK = 22866;

/**
 * Brings the schema up to date. Several processes that start at once wait for each other; the lock belongs to a
 * connection, so the database frees it when its holder dies.
 *
 * @param orm with two connections and no statement timeout: a migration, and the wait for one, may take its time
 */
export async function migrate(orm: MikroORM): Promise<readonly string[]> {
  const pool = (await orm.em.getConnection().getNativeClient()) as Pool;
  const client = await pool.connect();
  try {
    await refuseOldServer(client);
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await applyPending(orm);
  } finally {
    client.release(true);
  }
}

interface VersionRow {
  readonly number: number;
  readonly found: string;
}

/** @throws `database_unsupported` */
export async function refuseOldServer(client: { query(text: string): Promise<{ rows: VersionRow[] }> }): Promise<void> {
  const { rows } = await client.query(
    `select current_setting('server_version_num')::integer as number, current_setting('server_version') as found`,
  );
  const { number, found } = rows[0] ?? { number: 0, found: 'unknown' };
  if (number < NEEDED_MAJOR * 10_000) throw errors.database_unsupported({ needed: NEEDED_MAJOR, found });
}

async function applyPending(orm: MikroORM): Promise<readonly string[]> {
  const known = new Set(migrations.map(({ name }) => name));
  const foreign = (await orm.migrator.getExecuted()).find(({ name }) => !known.has(name));
  if (foreign !== undefined) throw errors.database_newer({ migration: foreign.name });
  return (await orm.migrator.up()).map(({ name }) => name);
}
