import pg from 'pg';

/** After this a database counts as unreachable. */
const TIMEOUT_MS = 5_000;

/**
 * The version of a PostgreSQL, such as `{ number: 170010, text: '17.10' }`. Throws what the driver throws when it cannot be
 * reached.
 */
export async function databaseVersion(url: string): Promise<{ readonly number: number; readonly text: string }> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ number: number; text: string }>(
      "select current_setting('server_version_num')::int as number, current_setting('server_version') as text",
    );
    return rows[0] ?? { number: 0, text: 'unknown' };
  } finally {
    await client.end();
  }
}
