/** What pages and reports read, from the tables in memory. */
import type { NodeRow, Page, PageRequest, Reads } from '../../conductor/interfaces/reads.ts';
import { plainOperation, type Tables } from './tables.ts';

export function createMemoryReads(tables: Tables): Reads {
  /** With the number of its actor's last turn, which need not have changed the row. */
  const nodeOf = (row: NodeRow): NodeRow => ({ ...row, version: tables.actors.get(`node/${row.id}`)?.seq ?? 0 });

  return {
    ping: async () => {},
    async servers({ statuses, nodeId, ownerId, q, includeDeleted }, request) {
      const asked = includeDeleted ?? statuses?.some((status) => status === 'deleted' || status === 'purging') ?? false;
      const rows = [...tables.servers.values()].filter(
        (row) =>
          (asked || row.deletedAt === null) &&
          (statuses?.includes(row.status) ?? true) &&
          (nodeId === undefined || row.nodeId === nodeId) &&
          (ownerId === undefined || row.ownerId === ownerId) &&
          (q === undefined || row.name.toLowerCase().includes(q.toLowerCase())),
      );
      return page(rows, 'createdAt', 'id', request);
    },
    async server(id, { includeDeleted = false } = {}) {
      const row = tables.servers.get(id);
      return row === undefined || (row.deletedAt !== null && !includeDeleted) ? null : row;
    },
    placedOn: async (nodeId) =>
      [...tables.servers.values()].filter((row) => row.deletedAt === null && row.nodeId === nodeId),
    placed(id) {
      return this.server(id);
    },
    nodes: async ({ includeRemoved = false } = {}) =>
      [...tables.nodes.values()]
        .filter(({ removedAt }) => includeRemoved || removedAt === null)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(nodeOf),
    async node(id) {
      const row = tables.nodes.get(id);
      return row === undefined ? null : nodeOf(row);
    },
    reservations: async (nodeId) =>
      [...tables.reservations.values()]
        .map(({ cpuMilli, ...row }) => ({ ...row, cpu: cpuMilli / 1000 }))
        .filter((row) => nodeId === undefined || row.nodeId === nodeId),
    async operations({ status, target, accountId }, request) {
      const rows = [...tables.operations.values()].filter(
        (row) =>
          (status === undefined || row.status === status) &&
          (target === undefined || row.target === target) &&
          (accountId === undefined || row.accountId === accountId),
      );
      return page(rows.map(plainOperation), '-createdAt', 'id', request);
    },
    async operation(id) {
      const row = tables.operations.get(id);
      return row === undefined ? null : plainOperation(row);
    },
    journal: async (address, request) => page(tables.journal.get(address) ?? [], '-seq', 'id', request),
    async actors({ kind, quarantined }, request) {
      const rows = [...tables.actors.values()].filter(
        (row) =>
          (kind === undefined || row.kind === kind) &&
          (quarantined === undefined || (row.quarantined !== null) === quarantined),
      );
      return page(rows, 'address', 'address', request);
    },
    deadLetters: async (request) => page([...tables.deadLetters.values()], '-at', 'id', request),
    events: async (since, limit, ownerId) =>
      tables.events
        .filter((event) => event.seq > since && (ownerId === undefined || event.ownerId === ownerId))
        .slice(0, limit),
    firstEventSeq: async () => tables.events[0]?.seq ?? 0,
    lastEventSeq: async () => tables.events.at(-1)?.seq ?? 0,
    queue: async () => [...tables.queue.values()],
    counts: async () => ({
      servers: countBy([...tables.servers.values()]),
      operations: countBy([...tables.operations.values()]),
      deadLetters: tables.deadLetters.size,
      quarantined: [...tables.actors.values()].filter((row) => row.quarantined !== null).length,
      timers: sizeOf(tables.timers),
      effects: sizeOf(tables.effects),
      messages: tables.messages.size,
    }),
  };
}

/** Pages by counting rows; the cursor is how many came before. */
function page<T extends object>(
  rows: readonly T[],
  defaultSort: string,
  key: keyof T & string,
  { sort = defaultSort, cursor, offset = 0, limit }: PageRequest,
): Page<T> {
  const column = sort.replace(/^-/, '') as keyof T;
  const sign = sort.startsWith('-') ? -1 : 1;
  const sorted = rows.toSorted((a, b) => sign * (compare(a[column], b[column]) || compare(a[key], b[key])));
  const from = cursor === undefined ? offset : Number(cursor);
  const to = from + limit;
  return { items: sorted.slice(from, to), total: rows.length, nextCursor: to < rows.length ? String(to) : null };
}

function compare(a: unknown, b: unknown): number {
  const [left, right] = [a instanceof Date ? a.getTime() : a, b instanceof Date ? b.getTime() : b] as string[];
  if (left === right) return 0;
  return String(left ?? '') !== '' && (right === null || right === undefined || (left ?? '') < right) ? -1 : 1;
}

function countBy(rows: readonly { readonly status: string }[]): Record<string, number> {
  const groups = Map.groupBy(rows, ({ status }) => status);
  return Object.fromEntries([...groups].map(([status, own]) => [status, own.length]));
}

const sizeOf = (maps: ReadonlyMap<unknown, ReadonlyMap<unknown, unknown>>): number =>
  [...maps.values()].reduce((sum, own) => sum + own.size, 0);
