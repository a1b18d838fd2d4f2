/**
 * The data directory that every run begins with: a migrated database, made once and copied for each run. A notebook of
 * triggers in it writes down what is put into and taken out of the tables of what is under way, and in which transaction, so
 * that the checks can tell that nothing was handled twice.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import type { DatabaseParts } from '../../src/persistence/connection.ts';
import { openDatabase } from '../../src/persistence/database.ts';
import { clusterPaths, SUPERUSER } from '../../src/persistence/embedded/cluster.ts';
import { startEmbeddedPostgres } from '../../src/persistence/embedded/index.ts';

const run = promisify(execFile);

const NOTEBOOK = `
create table crash_notes (
  n bigint generated always as identity, op text not null, kind text not null, id text, address text not null, what text,
  tx bigint not null default txid_current()
);
create function crash_note() returns trigger language plpgsql as $$
declare r jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  insert into crash_notes (op, kind, id, address, what) values (
    lower(tg_op), tg_table_name, coalesce(r->>'timer_id', r->>'id'), coalesce(r->>'receiver', r->>'address'),
    coalesce(r->>'child_id', case tg_table_name when 'journal' then r->>'event' else r->'event'->>'type' end)
  );
  return null;
end $$;
create trigger crash_note after insert or delete on messages for each row execute function crash_note();
create trigger crash_note after insert or delete on effects for each row execute function crash_note();
create trigger crash_note after insert or update or delete on timers for each row execute function crash_note();
create trigger crash_note after insert on journal for each row execute function crash_note();
`;

/** Makes the template below a directory and returns its path. The directory must be one that other users may pass. */
export async function makeTemplate(directory: string): Promise<string> {
  const template = join(directory, 'template');
  await mkdir(template, { mode: 0o711 });
  const postgres = await startEmbeddedPostgres({ dataDir: template });
  try {
    const database = await openDatabase({ target: postgres.connection, log: pino({ level: 'silent' }) });
    await database.migrate();
    await database.pool.query(NOTEBOOK);
    await database.close();
  } finally {
    await postgres.stop();
  }
  return template;
}

/** The files keep their owners: the database's belong to another user. */
export async function copyTemplate(template: string, dataDir: string): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', template, dataDir]);
}

/** Where the embedded database of a data directory listens. */
export const databaseOf = (dataDir: string): DatabaseParts => ({
  host: clusterPaths(dataDir).run,
  port: 5432,
  user: SUPERUSER,
  database: 'baton',
});

/** One connection, with big integers as numbers. */
export async function withDatabase<T>(dataDir: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    ...databaseOf(dataDir),
    connectionTimeoutMillis: 3_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
    },
  });
  // A database that is killed while we are connected tells us so; the query that waits fails with it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
