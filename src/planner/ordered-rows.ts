/**
 * Rows in the order of a key, then of their number, to find the first from some key on that an ask fits. They lie sorted in
 * chunks, as in a B+ tree of two levels; each chunk knows the most that any of its nodes has free of each resource and all
 * labels in it, so that a search steps over chunks in which nothing can fit (the machines whose CPU is gone, say).
 */
import { fits, type Resources } from './fit.ts';
import { ROWS_MAX } from './layout.ts';

const CHUNK_ROWS = 128;
const NOWHERE = -1;

/** What a chunk may need to know of a row; a search asks for it. */
export interface RowFacts {
  free(row: number): Resources;
  labelWord(row: number, word: number): number;
  readonly labelWords: number;
}

export interface Search {
  readonly ask: Resources;
  /** A word for each column of labels, of the labels that must be there; null when none must. */
  readonly labels: Int32Array | null;
  /** Whether this very row will do. */
  readonly takes: (row: number) => boolean;
}

export interface OrderedRows {
  /** The row is another than before, and belongs where its key says; a key below 0 takes it out. */
  put(row: number, key: number): void;
  /** The first row from (key, row) on that will do; -1 if there is none. */
  first(key: number, row: number, search: Search): number;
}

interface Chunk {
  /** Sorted; only the first `length` count. */
  readonly orders: Float64Array;
  length: number;
  most: Resources;
  readonly labels: Int32Array;
  /** The summary was made before the last change. */
  stale: boolean;
}

/** Key and row in one exact number: keys are below 2^32, rows below 2^20. */
const orderOf = (key: number, row: number): number => key * ROWS_MAX + row;
const rowOf = (order: number): number => order % ROWS_MAX;

/** @param keys each row's key at the beginning; below 0 for a row that is not in it. */
export function createOrderedRows(facts: RowFacts, keys: Float64Array): OrderedRows {
  const orders = keys.map((key, row) => (key < 0 ? NOWHERE : orderOf(key, row)));
  const chunks = chunked(orders.filter((order) => order !== NOWHERE).sort(), facts.labelWords);

  /** The last chunk that starts at or before the order; 0 if all start after it. */
  function chunkFor(order: number): number {
    let [low, high] = [0, chunks.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((chunks[middle]?.orders[0] ?? 0) <= order) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function insert(order: number): void {
    const at = chunkFor(order);
    const chunk = chunks[at];
    if (chunk === undefined) {
      chunks.push(chunkOf(Float64Array.of(order), facts.labelWords));
      return;
    }
    const position = positionIn(chunk, order);
    chunk.orders.copyWithin(position + 1, position, chunk.length);
    chunk.orders[position] = order;
    chunk.length += 1;
    chunk.stale = true;
    if (chunk.length === CHUNK_ROWS) chunks.splice(at, 1, ...chunked(chunk.orders, facts.labelWords));
  }

  function take(order: number): void {
    const at = chunkFor(order);
    const chunk = chunks[at];
    if (chunk === undefined) return;
    const position = positionIn(chunk, order);
    chunk.orders.copyWithin(position, position + 1, chunk.length);
    chunk.length -= 1;
    chunk.stale = true;
    if (chunk.length === 0) chunks.splice(at, 1);
    join(at);
    join(at - 1);
  }

  /** A chunk and its next that are nearly empty become one, or chunks of one row each would pile up. */
  function join(at: number): void {
    const [chunk, next] = [chunks[at], chunks[at + 1]];
    if (chunk === undefined || next === undefined || chunk.length + next.length > CHUNK_ROWS / 4) return;
    chunk.orders.set(next.orders.subarray(0, next.length), chunk.length);
    chunk.length += next.length;
    chunk.stale = true;
    chunks.splice(at + 1, 1);
  }

  function summarise(chunk: Chunk): void {
    let [ramMb, cpuMilli, diskMb, ports] = [0, 0, 0, 0];
    chunk.labels.fill(0);
    for (let position = 0; position < chunk.length; position += 1) {
      const row = rowOf(chunk.orders[position] ?? 0);
      const free = facts.free(row);
      ramMb = Math.max(ramMb, free.ramMb);
      cpuMilli = Math.max(cpuMilli, free.cpuMilli);
      diskMb = Math.max(diskMb, free.diskMb);
      ports = Math.max(ports, free.ports);
      for (let word = 0; word < facts.labelWords; word += 1) {
        chunk.labels[word] = (chunk.labels[word] ?? 0) | facts.labelWord(row, word);
      }
    }
    chunk.most = { ramMb, cpuMilli, diskMb, ports };
    chunk.stale = false;
  }

  function mayTake(chunk: Chunk, { ask, labels }: Search): boolean {
    if (chunk.stale) summarise(chunk);
    return fits(chunk.most, ask) && (labels?.every((word, at) => ((chunk.labels[at] ?? 0) & word) === word) ?? true);
  }

  return {
    put(row, key) {
      const before = orders[row] ?? NOWHERE;
      const order = key < 0 ? NOWHERE : orderOf(key, row);
      if (before !== NOWHERE) take(before);
      if (order !== NOWHERE) insert(order);
      orders[row] = order;
    },
    first(key, row, search) {
      const from = orderOf(key, row);
      const start = chunkFor(from);
      for (let at = start; at < chunks.length; at += 1) {
        const chunk = chunks[at];
        if (chunk === undefined || (at > start && !mayTake(chunk, search))) continue;
        for (let position = at > start ? 0 : positionIn(chunk, from); position < chunk.length; position += 1) {
          const candidate = rowOf(chunk.orders[position] ?? 0);
          if (search.takes(candidate)) return candidate;
        }
      }
      return NOWHERE;
    },
  };
}

/** Where the order is in the chunk, or would be. */
function positionIn({ orders, length }: Chunk, order: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((orders[middle] ?? 0) < order) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Half-full chunks of sorted orders. */
function chunked(orders: Float64Array, labelWords: number): Chunk[] {
  const half = CHUNK_ROWS / 2;
  return Array.from({ length: Math.ceil(orders.length / half) }, (_, at) =>
    chunkOf(orders.subarray(at * half, (at + 1) * half), labelWords),
  );
}

function chunkOf(sorted: Float64Array, labelWords: number): Chunk {
  const orders = new Float64Array(CHUNK_ROWS);
  orders.set(sorted);
  const most = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0 };
  return { orders, length: sorted.length, most, labels: new Int32Array(labelWords), stale: true };
}
