import { type EntityName, type FindOptions, type MikroORM, UnderscoreNamingStrategy } from '@mikro-orm/postgresql';
import type { Page, PageRequest } from '../../conductor/interfaces/reads.ts';
import { invalidQuery } from '../errors.ts';
import { isUuid } from '../uuid.ts';
import { type Cursor, decodeCursor, encodeCursor, invalidCursor } from './cursor.ts';

/**
 * How a column sorts. The first four can say where a page ended, so the next one costs the same however far down it is
 * and rows that come or go meanwhile shift nothing. `counted` columns (those with nulls, and `real`, whose values do not
 * survive the way through a number) are paged by counting rows.
 */
export type ColumnType = 'text' | 'uuid' | 'number' | 'time' | 'counted';

/** A list that can be paged. `K` are the properties that may be sorted by; the key must be one of them. */
export interface Listing<T extends object, K extends string> {
  readonly entity: EntityName<T>;
  readonly sortable: Readonly<Record<K, ColumnType>>;
  /** Unique; the last word in every order. */
  readonly key: K;
  /** Such as `-createdAt`. */
  readonly defaultSort: K | `-${K}`;
}

interface Order<K> {
  readonly column: K;
  readonly direction: 'asc' | 'desc';
}

const naming = new UnderscoreNamingStrategy();

/**
 * One page of a list and the size of the whole.
 * @throws `invalid_request` for a sort that is not offered and for a cursor that this list did not give
 */
export async function page<T extends object, K extends string & keyof T>(
  orm: MikroORM,
  listing: Listing<T, K>,
  where: object,
  request: PageRequest,
  options: Pick<FindOptions<object>, 'filters'> = {},
): Promise<Page<T>> {
  const cursor = request.cursor === undefined ? undefined : decodeCursor(request.cursor);
  const sort = request.sort ?? cursor?.sort ?? listing.defaultSort;
  if (cursor !== undefined && (cursor.sort !== sort || request.offset !== undefined)) throw invalidCursor();
  const order = parseSort(listing, sort);
  const offset = cursor !== undefined && 'offset' in cursor ? cursor.offset : (request.offset ?? 0);
  const after = cursor !== undefined && 'key' in cursor ? behind(listing, order, cursor) : {};
  const find = {
    ...options,
    orderBy: [{ [order.column]: order.direction }, { [listing.key]: order.direction }],
    limit: request.limit + 1,
    offset,
  };
  const [rows, total] = await Promise.all([
    orm.em.fork().find(listing.entity as EntityName<object>, { $and: [where, after] }, find),
    orm.em.fork().count(listing.entity as EntityName<object>, where, options),
  ]);
  const items = rows.slice(0, request.limit) as T[];
  const last = rows.length > request.limit ? items.at(-1) : undefined;
  const next = last && cursorAfter(listing, order, sort, last, offset + items.length);
  return { items, total, nextCursor: next === undefined ? null : encodeCursor(next) };
}

function parseSort<T extends object, K extends string>({ sortable }: Listing<T, K>, sort: string): Order<K> {
  const name = sort.replace(/^-/, '');
  const column = (Object.keys(sortable) as K[]).find((candidate) => candidate === name);
  if (column === undefined) {
    const offered = Object.keys(sortable).map((property) => naming.propertyToColumnName(property));
    throw invalidQuery('sort', `Sort by one of ${offered.join(', ')}.`);
  }
  return { column, direction: sort.startsWith('-') ? 'desc' : 'asc' };
}

/** The rows that come after the one where the last page ended. */
function behind<T extends object, K extends string>(
  { sortable, key }: Listing<T, K>,
  { column, direction }: Order<K>,
  cursor: Extract<Cursor, { key: unknown }>,
): object {
  const beyond = direction === 'asc' ? '$gt' : '$lt';
  const last = { value: restored(sortable[column], cursor.value), key: restored(sortable[key], cursor.key) };
  if (column === key) return { [key]: { [beyond]: last.key } };
  return { $or: [{ [column]: { [beyond]: last.value } }, { [column]: last.value, [key]: { [beyond]: last.key } }] };
}

function cursorAfter<T extends object, K extends string & keyof T>(
  { sortable, key }: Listing<T, K>,
  { column }: Order<K>,
  sort: string,
  last: T,
  offset: number,
): Cursor {
  if (sortable[column] === 'counted') return { sort, offset };
  return { sort, value: portable(last[column]), key: portable(last[key]) };
}

function portable(value: unknown): string | number {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'number' ? value : String(value);
}

/** A cursor comes from outside: a value that does not fit its column is refused here, not by the database. */
function restored(type: ColumnType, value: string | number): string | number | Date {
  if (type === 'time' && typeof value === 'number') {
    const time = new Date(value);
    if (!Number.isNaN(time.getTime())) return time;
  }
  if (type === 'number' && Number.isSafeInteger(value)) return value;
  if (type === 'uuid' && typeof value === 'string' && isUuid(value)) return value;
  if (type === 'text' && typeof value === 'string' && !value.includes('\0')) return value;
  throw invalidCursor();
}
