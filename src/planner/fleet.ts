import { fits, freeFor, type Held, type Resources } from './fit.ts';
import {
  BUSY,
  CORDONED,
  columnsIn,
  DEDICATED,
  FLAGS,
  HEALTHY,
  HELD,
  LABELS,
  type Layout,
  layoutOf,
  PRESENT,
  READY,
  type Row,
  SERVERS,
  SIZE,
  SYSTEM,
  USED,
  VERSION,
  wordAt,
  wordsIn,
} from './layout.ts';
import { createOrderedRows, type OrderedRows, type RowFacts, type Search } from './ordered-rows.ts';
import { hasChanged, readRow } from './seqlock.ts';
import { keyOf, RAM_ONLY, type Strategy, type Weights } from './strategies.ts';

/** Machines are tried in this order. */
export const CLASSES = ['dedicated', 'cloud'] as const;
export type MachineClass = (typeof CLASSES)[number];

/** What a picture is made for. */
export interface Terms {
  /** With room for so much. */
  readonly layout: Layout;
  /** By which `best_fit` adds up what is free. */
  readonly weights: Weights;
  /** Nobody will ask for less than this, so that full nodes need not be looked at. */
  readonly least: Resources;
}

/** A thread's own picture of the fleet, with the indexes to search it. Nodes are rows, numbered by age. */
export interface Fleet extends RowFacts, Terms {
  /** Rows that are or were in use: the fleet is rows 0 to here. */
  readonly used: number;
  flags(row: number): number;
  size(row: number): Resources;
  held(row: number): Held;
  /** Writes a row as it is now; the version is what {@link Fleet.follow} compares with. */
  set(row: number, words: Row): void;
  /** Books a server on a row, in this picture only. */
  book(row: number, ask: Resources): void;
  key(strategy: Strategy, row: number): number;
  /** The first candidate of a class from (key, row) on that takes what is searched; -1 if there is none. */
  first(strategy: Strategy, machines: MachineClass, key: number, row: number, search: Search): number;
  /** Takes over the rows of shared memory that were written since the last time. */
  follow(shared: Int32Array): void;
  /** Another picture that starts as this one, but for what is changed. */
  copy(change?: Partial<Terms>): Fleet;
}

const CANDIDATE = PRESENT | READY | HEALTHY;

/** Whether servers may be placed there at all. */
export const isCandidate = (flags: number): boolean => (flags & (CANDIDATE | CORDONED | SYSTEM | BUSY)) === CANDIDATE;

export const classOf = (flags: number): MachineClass => ((flags & DEDICATED) !== 0 ? 'dedicated' : 'cloud');

/** A version that no row in memory ever has at rest. */
const UNREAD = -1;

export function createFleet({
  layout,
  weights = RAM_ONLY,
  least = NOTHING,
}: Pick<Terms, 'layout'> & Partial<Terms>): Fleet {
  const words = new Int32Array(wordsIn(layout));
  words.fill(UNREAD, wordAt(layout, VERSION, 0), wordAt(layout, VERSION, layout.rows));
  const scratch = new Int32Array(columnsIn(layout));
  const indexes = new Map<Strategy, Record<MachineClass, OrderedRows>>();
  const free: Resources[] = [];
  let used = 0;

  const word = (column: number, row: number): number => words[wordAt(layout, column, row)] ?? 0;
  const write = (column: number, row: number, value: number): void => {
    words[wordAt(layout, column, row)] = value;
  };
  const four = (column: number, row: number): Resources => ({
    ramMb: word(column, row),
    cpuMilli: word(column + 1, row),
    diskMb: word(column + 2, row),
    ports: word(column + 3, row),
  });

  const fleet: Fleet = {
    layout,
    weights,
    least,
    labelWords: layout.labelWords,
    get used() {
      return used;
    },
    flags: (row) => word(FLAGS, row),
    size: (row) => four(SIZE, row),
    held: (row) => ({ ...four(HELD, row), servers: word(SERVERS, row) }),
    free: (row) => free[row] ?? NOTHING,
    labelWord: (row, at) => word(LABELS + at, row),
    set(row, from) {
      for (let column = 0; column < from.length; column += 1) write(column, row, from[column] ?? 0);
      used = Math.max(used, row + 1);
      settle(row);
    },
    book(row, ask) {
      write(SERVERS, row, word(SERVERS, row) + 1);
      write(HELD, row, word(HELD, row) + ask.ramMb);
      write(HELD + 1, row, word(HELD + 1, row) + ask.cpuMilli);
      write(HELD + 2, row, word(HELD + 2, row) + ask.diskMb);
      write(HELD + 3, row, word(HELD + 3, row) + ask.ports);
      settle(row);
    },
    key: (strategy, row) =>
      keyOf(strategy, { size: fleet.size(row), held: fleet.held(row), free: fleet.free(row) }, weights),
    first: (strategy, machines, key, row, search) => indexFor(strategy)[machines].first(key, row, search),
    follow(shared) {
      const usedThere = Atomics.load(shared, USED);
      for (let row = 0; row < usedThere; row += 1) {
        if (!hasChanged(shared, layout, row, word(VERSION, row))) continue;
        // What is being written for too long stays as it was, and is read with the next question.
        if (readRow(shared, layout, row, scratch)) fleet.set(row, scratch);
      }
    },
    copy(change = {}) {
      const copied = createFleet({ layout, weights, least, ...change });
      const row = new Int32Array(columnsIn(copied.layout));
      for (let at = 0; at < used; at += 1) {
        for (let column = 0; column < columnsIn(layout); column += 1) row[column] = word(column, at);
        copied.set(at, row);
      }
      return copied;
    },
  };

  /** What follows from a row's words. */
  function settle(row: number): void {
    free[row] = freeFor(fleet.size(row), fleet.held(row));
    for (const [strategy, index] of indexes) {
      for (const machines of CLASSES) index[machines].put(row, keyIn(strategy, machines, row));
    }
  }

  /** Below 0 if the row does not belong to the class's index. */
  function keyIn(strategy: Strategy, machines: MachineClass, row: number): number {
    const flags = fleet.flags(row);
    const belongs = isCandidate(flags) && classOf(flags) === machines && fits(fleet.free(row), least);
    return belongs ? fleet.key(strategy, row) : -1;
  }

  function indexFor(strategy: Strategy): Record<MachineClass, OrderedRows> {
    const known = indexes.get(strategy);
    if (known !== undefined) return known;
    const build = (machines: MachineClass): OrderedRows => {
      const keys = new Float64Array(layout.rows).fill(-1);
      for (let row = 0; row < used; row += 1) keys[row] = keyIn(strategy, machines, row);
      return createOrderedRows(fleet, keys);
    };
    const made = { dedicated: build('dedicated'), cloud: build('cloud') };
    indexes.set(strategy, made);
    return made;
  }

  return fleet;
}

/** The fleet as it is in shared memory now. */
export function readFleet(shared: Int32Array): Fleet {
  const fleet = createFleet({ layout: layoutOf(shared) });
  fleet.follow(shared);
  return fleet;
}

const NOTHING: Resources = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0 };
