import test from 'ava';
import fc from 'fast-check';
import type { Resources } from '../../src/planner/fit.ts';
import { createOrderedRows, type RowFacts } from '../../src/planner/ordered-rows.ts';

const ROWS = 2_000;

/** Rows of which only RAM matters, and a word of labels. */
function rowsWith(ramMb: Float64Array, labels = new Int32Array(ROWS)): RowFacts {
  const free = (row: number): Resources => ({ ramMb: ramMb[row] ?? 0, cpuMilli: 0, diskMb: 0, ports: 0 });
  return { free, labelWord: (row) => labels[row] ?? 0, labelWords: 1 };
}

const anything = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0 };

/** The same without an index. */
function firstByLooking(keys: Float64Array, key: number, row: number, takes: (row: number) => boolean): number {
  const all = [...keys.entries()].filter(([, own]) => own >= 0).sort(([a, x], [b, y]) => x - y || a - b);
  return all.find(([at, own]) => (own > key || (own === key && at >= row)) && takes(at))?.[0] ?? -1;
}

const keyArbitrary = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 31 }));

test('after any changes the first row is the one that looking at all rows finds', (t) => {
  const changes = fc.array(
    fc.record({
      from: fc.integer({ min: 0, max: ROWS - 1 }),
      rows: fc.integer({ min: 1, max: 700 }),
      key: fc.oneof(keyArbitrary, fc.constant(-1)),
      step: fc.integer({ min: 0, max: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  const searches = fc.array(fc.tuple(keyArbitrary, fc.integer({ min: 0, max: ROWS })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(changes, searches, fc.integer({ min: 1, max: 97 }), (steps, wanted, divisor) => {
      const keys = new Float64Array(ROWS).fill(-1);
      for (let row = 0; row < ROWS; row += 3) keys[row] = row % 50;
      const rows = createOrderedRows(rowsWith(new Float64Array(ROWS)), keys.slice());
      for (const { from, rows: count, key, step } of steps) {
        for (let row = from; row < Math.min(ROWS, from + count); row += 1) {
          const own = key < 0 ? -1 : key + (row - from) * step;
          keys[row] = own;
          rows.put(row, own);
        }
      }
      const takes = (row: number): boolean => row % divisor === 0;
      for (const [key, row] of wanted) {
        t.is(rows.first(key, row, { ask: anything, labels: null, takes }), firstByLooking(keys, key, row, takes));
      }
    }),
    { numRuns: 60 },
  );
});

test('what is stepped over is nothing that would fit, after any changes of what is free and of labels', (t) => {
  const changes = fc.array(
    fc.record({
      row: fc.integer({ min: 0, max: ROWS - 1 }),
      rows: fc.integer({ min: 1, max: 300 }),
      free: fc.integer({ min: 0, max: 9 }),
      label: fc.integer({ min: 0, max: 7 }),
      key: fc.oneof(fc.integer({ min: 0, max: ROWS }), fc.constantFrom(-1, -1, -1)),
      wanted: fc.integer({ min: 0, max: 9 }),
      mask: fc.constantFrom(0, 0, 1, 6),
    }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(changes, (steps) => {
      const ramMb = new Float64Array(ROWS);
      const labels = new Int32Array(ROWS);
      const keys = Float64Array.from({ length: ROWS }, (_, row) => row);
      const rows = createOrderedRows(rowsWith(ramMb, labels), keys.slice());
      for (const { row: from, rows: count, free, label, key, wanted, mask } of steps) {
        for (let row = from; row < Math.min(ROWS, from + count); row += 1) {
          [ramMb[row], labels[row], keys[row]] = [free, label, key];
          rows.put(row, key);
        }
        const takes = (row: number): boolean => (ramMb[row] ?? 0) >= wanted && ((labels[row] ?? 0) & mask) === mask;
        const search = { ask: { ...anything, ramMb: wanted }, labels: Int32Array.of(mask), takes };
        t.is(rows.first(0, 0, search), firstByLooking(keys, 0, 0, takes));
      }
    }),
    { numRuns: 300 },
  );
});

test('what two chunks know of their rows is known when they have become one', (t) => {
  const ramMb = new Float64Array(ROWS);
  ramMb[1_008] = 500;
  const rows = createOrderedRows(
    rowsWith(ramMb),
    Float64Array.from({ length: ROWS }, (_, row) => row),
  );
  const search = { ask: { ...anything, ramMb: 500 }, labels: null, takes: (row: number) => (ramMb[row] ?? 0) >= 500 };
  for (let row = 0; row < ROWS; row += 1) {
    if (row % 16 === 0) continue;
    rows.put(row, -1);
    t.is(rows.first(0, 0, search), 1_008);
  }
});

test('a search does not look at the rows of chunks in which nothing can fit', (t) => {
  const ramMb = new Float64Array(ROWS).fill(100);
  ramMb[1_900] = 500;
  const labels = new Int32Array(ROWS);
  labels[1_900] = 4;
  const rows = createOrderedRows(
    rowsWith(ramMb, labels),
    Float64Array.from({ length: ROWS }, (_, row) => row),
  );
  let looked = 0;
  const takes = (row: number): boolean => {
    looked += 1;
    return (ramMb[row] ?? 0) >= 500;
  };
  t.is(rows.first(0, 0, { ask: { ...anything, ramMb: 500 }, labels: null, takes }), 1_900);
  t.true(looked < 300, `${looked} rows`);
  looked = 0;
  t.is(rows.first(0, 0, { ask: anything, labels: Int32Array.of(4), takes }), 1_900);
  t.true(looked < 300, `${looked} rows`);
});
