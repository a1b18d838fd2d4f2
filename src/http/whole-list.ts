/** Pages of a list that is at hand as a whole. */
import { invalidRequest } from './errors.ts';

export interface WholeQuery {
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly cursor?: string | undefined;
}

/**
 * One page of it. The cursor names the last item, so that what comes and goes meanwhile shifts nothing; if that item itself has
 * gone, as many are skipped as there were before.
 * @param keyOf what an item is found by again
 * @throws `invalid_request` for a cursor that no such list gave
 */
export function pageOfWhole<T>(items: readonly T[], keyOf: (item: T) => string, query: WholeQuery) {
  const from = startOf(items, keyOf, query);
  const own = items.slice(from, from + query.limit);
  const end = from + own.length;
  const last = end < items.length ? own.at(-1) : undefined;
  return { items: own, total: items.length, nextCursor: last === undefined ? null : encode(keyOf(last), end) };
}

function startOf<T>(items: readonly T[], keyOf: (item: T) => string, { offset, cursor }: WholeQuery): number {
  if (cursor === undefined) return offset ?? 0;
  const { key, count } = decode(cursor);
  if (offset !== undefined) throw unknownCursor();
  const at = items.findIndex((item) => keyOf(item) === key);
  return at < 0 ? Math.min(count, items.length) : at + 1;
}

const encode = (key: string, count: number): string => Buffer.from(`${count} ${key}`).toString('base64url');

function decode(cursor: string): { readonly key: string; readonly count: number } {
  const found = /^(\d{1,9}) (.+)$/s.exec(Buffer.from(cursor, 'base64url').toString());
  if (found === null) throw unknownCursor();
  return { key: found[2] ?? '', count: Number(found[1]) };
}

const unknownCursor = () =>
  invalidRequest([{ path: 'query.cursor', message: 'This cursor is not one that a list gave.' }]);
