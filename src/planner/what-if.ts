import { type Ask, type RowAsk, toRows, type Words } from './ask.ts';
import type { Fleet } from './fleet.ts';
import type { Generation } from './fleet-memory.ts';
import { wordsFor } from './labels.ts';
import { columnsIn, fillRow, type NodeState, type Row } from './layout.ts';
import { placeBatch } from './place.ts';
import type { Strategy } from './strategies.ts';

/** Where servers would go if the fleet were another: without a node that is drained, with a machine that is to be bought. */
export interface WhatIf {
  readonly without?: readonly string[];
  /** Nodes that do not exist, by ids that no node has. */
  readonly added?: readonly NodeState[];
  readonly asks: readonly Ask[];
}

/** The same in rows: what is sent to a thread. */
export interface RowWhatIf {
  readonly without: readonly number[];
  readonly added: readonly Row[];
  readonly labelWords: number;
  readonly asks: readonly RowAsk[];
}

/** Labels that only the added nodes have are numbered for this question. */
export function whatIfToRows(generation: Generation, { without = [], added = [], asks }: WhatIf): RowWhatIf {
  const labels = generation.labels.copy();
  const words: Words = { rowOf: generation.rowOf, bitOf: labels.intern };
  const rowAsks = asks.map((ask) => toRows(words, ask));
  const bits = added.map((node) => node.labels.map((label) => labels.intern(label)));
  const labelWords = Math.max(generation.labelWords, wordsFor(labels.count));
  const columns = columnsIn({ rows: 0, labelWords });
  return {
    without: without.map(generation.rowOf).filter((row) => row !== undefined),
    added: added.map((node, at) => {
      const row = new Int32Array(columns);
      fillRow(row, node, bits[at] ?? []);
      return row;
    }),
    labelWords,
    asks: rowAsks,
  };
}

/**
 * Where they would go, in the order of the asks: a row of the fleet as it is, {@link NOWHERE}, or -2, -3, … for the first,
 * second, … added node. The given picture stays as it is.
 */
export function whatIf(fleet: Fleet, { without, added, labelWords, asks }: RowWhatIf, strategy: Strategy): Int32Array {
  const first = fleet.used;
  // A thread may follow a buffer that was just renewed for another label.
  const words = Math.max(fleet.labelWords, labelWords);
  const picture = fleet.copy({ layout: { rows: first + added.length, labelWords: words } });
  const gone = new Int32Array(columnsIn(picture.layout));
  for (const row of without) picture.set(row, gone);
  for (const [at, row] of added.entries()) picture.set(first + at, row);
  return placeBatch(picture, asks, strategy).map((row) => (row < first ? row : -2 - (row - first)));
}
