import { errors } from './errors.ts';
import { createLabels, type Labels, wordsFor } from './labels.ts';
import {
  columnsIn,
  fillRow,
  GENERATION,
  LABEL_WORDS,
  type Layout,
  type NodeState,
  ROWS,
  ROWS_MAX,
  USED,
  wordsIn,
} from './layout.ts';
import { writeRow } from './seqlock.ts';

/** One buffer's life. What a thread answers in rows means the nodes of the generation that it was asked with. */
export interface Generation {
  readonly number: number;
  readonly buffer: SharedArrayBuffer;
  readonly labelWords: number;
  readonly labels: Pick<Labels, 'count' | 'bitOf' | 'copy'>;
  /** The node of a row. A row is never given to another node within a generation. */
  idOf(row: number): string;
  /** Undefined for a node that is not there. */
  rowOf(id: string): number | undefined;
}

/**
 * The fleet's capacity, for threads to read. The main thread alone writes it, from rows of the database: it is a picture of
 * what is reserved, never the place where something is reserved.
 */
export interface FleetMemory {
  /** Adds a node, or replaces all that is known of it. */
  put(node: NodeState): void;
  /** Twice is once. */
  remove(id: string): void;
  readonly current: Generation;
}

interface Writing extends Generation {
  readonly layout: Layout;
  readonly words: Int32Array;
  readonly labels: Labels;
  readonly ids: string[];
  readonly rowOfId: Map<string, number>;
}

const FEWEST_ROWS = 64;
const FEWEST_LABEL_WORDS = 1;
/** So that a fleet that changes one label of 32 does not take a new buffer each time. */
const SPARE_LABELS = 16;

/** @param expected how many nodes there will be at first. It grows by itself. */
export function createFleetMemory(expected = FEWEST_ROWS): FleetMemory {
  const nodes = new Map<string, NodeState>();
  let current = begin(1, { rows: Math.max(expected, FEWEST_ROWS), labelWords: FEWEST_LABEL_WORDS });

  /** A new buffer with what is there, in the same order. Readers of the old one see it as it was. */
  function renew(): void {
    const rows = Math.min(ROWS_MAX, Math.max(current.layout.rows, nodes.size * 2));
    const labels = new Set([...nodes.values()].flatMap((node) => node.labels)).size;
    current = begin(current.number + 1, { rows, labelWords: wordsFor(labels + SPARE_LABELS) });
    for (const node of nodes.values()) write(current, node);
  }

  return {
    put(node) {
      if (!nodes.has(node.id) && nodes.size >= ROWS_MAX) throw errors.fleet_too_large({ most: ROWS_MAX });
      nodes.set(node.id, node);
      if (hasRoomFor(current, node)) write(current, node);
      else renew();
    },
    remove(id) {
      const row = current.rowOfId.get(id);
      if (row === undefined) return;
      nodes.delete(id);
      current.rowOfId.delete(id);
      writeRow(current.words, current.layout, row, new Int32Array(columnsIn(current.layout)));
    },
    get current() {
      return current;
    },
  };
}

function begin(number: number, layout: Layout): Writing {
  const buffer = new SharedArrayBuffer(wordsIn(layout) * Int32Array.BYTES_PER_ELEMENT);
  const words = new Int32Array(buffer);
  words[GENERATION] = number;
  words[ROWS] = layout.rows;
  words[LABEL_WORDS] = layout.labelWords;
  const ids: string[] = [];
  const rowOfId = new Map<string, number>();
  return {
    number,
    buffer,
    labelWords: layout.labelWords,
    layout,
    words,
    labels: createLabels(),
    ids,
    rowOfId,
    idOf: (row) => ids[row] ?? '',
    rowOf: (id) => rowOfId.get(id),
  };
}

function hasRoomFor({ layout, labels, ids, rowOfId }: Writing, node: NodeState): boolean {
  if (!rowOfId.has(node.id) && ids.length >= layout.rows) return false;
  const added = node.labels.filter((label) => labels.bitOf(label) === undefined);
  return added.length === 0 || labels.count + new Set(added).size <= layout.labelWords * 32;
}

function write({ layout, words, labels, ids, rowOfId }: Writing, node: NodeState): void {
  const row = rowOfId.get(node.id) ?? ids.length;
  const filled = new Int32Array(columnsIn(layout));
  fillRow(filled, node, node.labels.map(labels.intern));
  writeRow(words, layout, row, filled);
  if (row < ids.length) return;
  ids.push(node.id);
  rowOfId.set(node.id, row);
  Atomics.store(words, USED, ids.length);
}
