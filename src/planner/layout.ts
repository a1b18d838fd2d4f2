/**
 * How the fleet lies in memory: one `Int32Array` of a header and columns, a struct of arrays. A search reads one or two
 * columns of thousands of nodes, so these stand next to each other. docs/decisions/0006 says why it is shared at all.
 */
import { type Held, PLENTY, type Resources } from './fit.ts';

export interface Layout {
  /** How many nodes there is room for. */
  readonly rows: number;
  /** Columns of 32 labels each. */
  readonly labelWords: number;
}

/** Rows are numbered in the low bits of an exact integer in a double (`ordered-rows.ts`), which leaves 33 for the key. */
export const ROWS_MAX = 2 ** 20;

/** Words before the first column. `USED` is how many rows were ever written; `GENERATION` rises with each new buffer. */
export const GENERATION = 0;
export const ROWS = 1;
export const LABEL_WORDS = 2;
export const USED = 3;
const HEADER_WORDS = 8;

/** Even: the row is whole. Odd: it is being written. */
export const VERSION = 0;
export const FLAGS = 1;
export const SERVERS = 2;
/** Four columns each, in the order of `RESOURCES`. */
export const SIZE = 3;
export const HELD = 7;
/** The first of the columns of label bits. */
export const LABELS = 11;

export const PRESENT = 1;
export const READY = 2;
export const HEALTHY = 4;
export const CORDONED = 8;
export const SYSTEM = 16;
export const DEDICATED = 32;
export const BUSY = 64;

export const columnsIn = ({ labelWords }: Layout): number => LABELS + labelWords;
export const wordsIn = (layout: Layout): number => HEADER_WORDS + columnsIn(layout) * layout.rows;
export const wordAt = (layout: Layout, column: number, row: number): number =>
  HEADER_WORDS + column * layout.rows + row;

/** The layout that a buffer says it has. */
export const layoutOf = (words: Int32Array): Layout => ({
  rows: words[ROWS] ?? 0,
  labelWords: words[LABEL_WORDS] ?? 0,
});

/** One row by itself, a word a column. */
export type Row = Int32Array;

/** What a node is, for the planner. */
export interface NodeState {
  readonly id: string;
  /** What the machine has, before its reserve; see `freeFor`. */
  readonly size: Resources;
  readonly held: Held;
  readonly ready: boolean;
  readonly healthy: boolean;
  readonly cordoned: boolean;
  /** Carries Baton's own services and no servers. */
  readonly system: boolean;
  /** As many servers start there as may at once. */
  readonly busy: boolean;
  /** Paid for anyway, so used before machines of a cloud. */
  readonly dedicated: boolean;
  /** Such as `region=fsn`. */
  readonly labels: readonly string[];
}

const flagsOf = (node: NodeState): number =>
  PRESENT |
  (node.ready ? READY : 0) |
  (node.healthy ? HEALTHY : 0) |
  (node.cordoned ? CORDONED : 0) |
  (node.system ? SYSTEM : 0) |
  (node.busy ? BUSY : 0) |
  (node.dedicated ? DEDICATED : 0);

/** Writes a node into a row of its own; `bits` are the numbers of its labels. */
export function fillRow(row: Row, node: NodeState, bits: Iterable<number>): void {
  row[FLAGS] = flagsOf(node);
  row[SERVERS] = node.held.servers;
  fillResources(row, SIZE, node.size);
  fillResources(row, HELD, node.held);
  row.fill(0, LABELS);
  for (const bit of bits) row[LABELS + (bit >>> 5)] = (row[LABELS + (bit >>> 5)] ?? 0) | (1 << (bit & 31));
}

/** More than fits in a word is as good as plenty. */
function fillResources(row: Row, first: number, resources: Resources): void {
  row[first] = Math.min(resources.ramMb, PLENTY);
  row[first + 1] = Math.min(resources.cpuMilli, PLENTY);
  row[first + 2] = Math.min(resources.diskMb, PLENTY);
  row[first + 3] = Math.min(resources.ports, PLENTY);
}
