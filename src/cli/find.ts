import type { Client } from './client.ts';
import { errors } from './errors.ts';
import type { Page, Server } from './wire.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PAGE = 200;

/** Which servers may be meant. Where both a deleted one and one that is there have the name, the first named is. */
export type Among = 'there' | 'there or deleted' | 'deleted or there';

/**
 * The id of the server that a person means: by id, by name, or by the beginning of an id.
 * Throws `no_such_server`; `ambiguous_server` when it could be several.
 */
export async function findServer(client: Client, ref: string, among: Among = 'there'): Promise<string> {
  if (UUID.test(ref)) return ref;
  const includeDeleted = among !== 'there';
  const named = (await servers(client, { q: ref.slice(0, 100), include_deleted: includeDeleted })).filter(
    ({ name }) => name === ref,
  );
  const possible = named.length > 0 ? named : await beginningWith(client, ref, includeDeleted);
  const rather = possible.filter(({ deleted_at }) => (deleted_at !== null) === (among === 'deleted or there'));
  const meant = rather.length > 0 ? rather : possible;
  const [only, another] = meant;
  if (only === undefined) throw errors.no_such_server({ ref });
  if (another !== undefined) {
    const candidates = meant.map(({ id, name, status }) => `  ${id}  ${name} (${status})`).join('\n');
    throw errors.ambiguous_server({ ref, count: meant.length, candidates });
  }
  return only.id;
}

async function beginningWith(client: Client, ref: string, includeDeleted: boolean): Promise<readonly Server[]> {
  if (!/^[0-9a-f-]+$/i.test(ref)) return [];
  const all = await servers(client, { include_deleted: includeDeleted });
  return all.filter(({ id }) => id.startsWith(ref.toLowerCase()));
}

type Query = Readonly<Record<string, string | boolean | undefined>>;

/** Every server that a query finds. */
export const servers = (client: Client, query: Query): Promise<readonly Server[]> =>
  everyPage(client, '/api/servers', query);

/** All of a list, page after page. */
export async function everyPage<T>(client: Client, path: string, query: Query = {}): Promise<readonly T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await client.request('GET', path, {
      query: { ...query, limit: PAGE, ...(cursor !== null && { cursor }) },
    });
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return found;
}
