import type { Resources } from './fit.ts';
import type { Generation } from './fleet-memory.ts';
import { wordsFor } from './labels.ts';

/** What a server needs of the node that it is placed on. */
export interface Ask extends Resources {
  /** Labels that the node must have. */
  readonly labels?: readonly string[];
  /** Nodes that must not take it: those with a server of its group, or that have just refused it. */
  readonly avoid?: readonly string[];
  /** Anti-affinity: servers of one group that are placed together never share a node. */
  readonly group?: string;
  /** The one node that may take it. */
  readonly only?: string;
  /** The node that has its data. It is preferred to all others. */
  readonly dataOn?: string;
  /** For `round_robin`: the node that was given a server last. */
  readonly after?: string;
}

/** An {@link Ask} in rows of one generation: what is sent to a thread. */
export interface RowAsk {
  readonly resources: Resources;
  /** The numbers of its labels. */
  readonly labels: readonly number[];
  readonly avoid: readonly number[];
  readonly group: string | null;
  /** Null for any; -1 for a node that is not there. */
  readonly only: number | null;
  /** -1 for none, or for a node that is not there. */
  readonly dataOn: number;
  readonly after: number;
}

/** What is known to hold for one question: rows of a generation, and numbers of labels. */
export interface Words {
  rowOf(id: string): number | undefined;
  bitOf(label: string): number;
}

/** The generation's words; a label that no node has gets the number after the last, which no node has either. */
export const wordsOf = ({ rowOf, labels }: Generation): Words => ({
  rowOf,
  bitOf: (label) => labels.bitOf(label) ?? labels.count,
});

export function toRows({ rowOf, bitOf }: Words, ask: Ask): RowAsk {
  const { ramMb, cpuMilli, diskMb, ports } = ask;
  const row = (id: string | undefined): number => (id === undefined ? -1 : (rowOf(id) ?? -1));
  return {
    resources: { ramMb, cpuMilli, diskMb, ports },
    labels: ask.labels?.map(bitOf) ?? [],
    avoid: ask.avoid?.map(row).filter((one) => one >= 0) ?? [],
    group: ask.group ?? null,
    only: ask.only === undefined ? null : row(ask.only),
    dataOn: row(ask.dataOn),
    after: row(ask.after),
  };
}

/** The words of label bits, of at least so many words; null when no label is asked. */
export function labelMask(labels: readonly number[], words: number): Int32Array | null {
  if (labels.length === 0) return null;
  const mask = new Int32Array(Math.max(words, wordsFor(Math.max(...labels) + 1)));
  for (const bit of labels) mask[bit >>> 5] = (mask[bit >>> 5] ?? 0) | (1 << (bit & 31));
  return mask;
}
