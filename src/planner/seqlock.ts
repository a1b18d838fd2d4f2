/**
 * One thread writes a row while others read it, without a lock: the writer makes the version odd, writes, and makes it even;
 * a reader takes what it read only if the version was even and the same before and after. All words go through `Atomics`,
 * because plain reads may be moved past the second look at the version.
 */
import { columnsIn, type Layout, type Row, VERSION, wordAt } from './layout.ts';

/** A write takes well below a microsecond. Whoever waits longer meets a writer that lost its processor. */
const TRIES = 1_000;

/** Writes all columns of a row but the version. For the one writing thread only. */
export function writeRow(words: Int32Array, layout: Layout, row: number, from: Row): void {
  const versionAt = wordAt(layout, VERSION, row);
  const version = Atomics.load(words, versionAt);
  Atomics.store(words, versionAt, (version + 1) | 0);
  for (let column = VERSION + 1; column < columnsIn(layout); column += 1) {
    Atomics.store(words, wordAt(layout, column, row), from[column] ?? 0);
  }
  Atomics.store(words, versionAt, (version + 2) | 0);
}

/**
 * Reads a whole row, its version included, and says whether it could: false when it was being written all the time, and then
 * `into` is worth nothing.
 */
export function readRow(words: Int32Array, layout: Layout, row: number, into: Row): boolean {
  const versionAt = wordAt(layout, VERSION, row);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const version = Atomics.load(words, versionAt);
    if ((version & 1) !== 0) continue;
    for (let column = VERSION + 1; column < columnsIn(layout); column += 1) {
      into[column] = Atomics.load(words, wordAt(layout, column, row));
    }
    into[VERSION] = version;
    if (Atomics.load(words, versionAt) === version) return true;
  }
  return false;
}

/** Whether the row was written since this version was read, or is being written. */
export const hasChanged = (words: Int32Array, layout: Layout, row: number, version: number): boolean =>
  Atomics.load(words, wordAt(layout, VERSION, row)) !== version;
