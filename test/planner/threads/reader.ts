/** Reads one row of shared memory over and over until it is told to stop, and says what it saw. */
import { parentPort, workerData } from 'node:worker_threads';
import { columnsIn, HELD, layoutOf, SIZE } from '../../../src/planner/layout.ts';
import { readRow } from '../../../src/planner/seqlock.ts';

export interface Seen {
  /** Rows whose columns were not all of one write. */
  readonly torn: number;
  /** How many different writes it saw. */
  readonly writes: number;
}

export interface ReaderData {
  readonly buffer: SharedArrayBuffer;
  /** Two words: how many different writes the reader has seen; whether it shall stop. */
  readonly signals: SharedArrayBuffer;
}

const data: ReaderData = workerData;
const words = new Int32Array(data.buffer);
const signals = new Int32Array(data.signals);
const layout = layoutOf(words);
const row = new Int32Array(columnsIn(layout));
let [torn, writes, last] = [0, 0, 0];

while (Atomics.load(signals, 1) === 0) {
  if (!readRow(words, layout, 0, row)) continue;
  const values = new Set(row.subarray(SIZE, HELD + 4));
  if (values.size > 1) torn += 1;
  if (row[SIZE] !== last) writes = Atomics.add(signals, 0, 1) + 1;
  last = row[SIZE] ?? 0;
}
parentPort?.postMessage({ torn, writes } satisfies Seen);
