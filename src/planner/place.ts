/** Placing, purely: the same fleet and the same ask give the same node, whoever asks and however the picture came about. */
import { labelMask, type RowAsk } from './ask.ts';
import { fits, type Resources } from './fit.ts';
import { CLASSES, type Fleet, isCandidate } from './fleet.ts';
import type { Search } from './ordered-rows.ts';
import type { Strategy } from './strategies.ts';

/** No node will do. */
export const NOWHERE = -1;

/**
 * The node for a server: the one that has its data, else a dedicated one, else one of a cloud, in the strategy's order. Returns
 * its row, or {@link NOWHERE}.
 */
export function place(fleet: Fleet, ask: RowAsk, strategy: Strategy): number {
  const search = searchFor(fleet, ask);
  const { dataOn } = ask;
  if (dataOn !== NOWHERE && isCandidate(fleet.flags(dataOn)) && search.takes(dataOn)) return dataOn;
  for (const machines of CLASSES) {
    const row = first(fleet, machines, ask, strategy, search);
    if (row !== NOWHERE) return row;
  }
  return NOWHERE;
}

function first(
  fleet: Fleet,
  machines: (typeof CLASSES)[number],
  { resources, after }: RowAsk,
  strategy: Strategy,
  search: Search,
): number {
  switch (strategy) {
    case 'best_fit':
      return fleet.first(strategy, machines, resources.ramMb, 0, search);
    case 'worst_fit':
    case 'spread':
      return fleet.first(strategy, machines, 0, 0, search);
    case 'round_robin': {
      const next = fleet.first(strategy, machines, 0, after + 1, search);
      return next !== NOWHERE ? next : fleet.first(strategy, machines, 0, 0, search);
    }
  }
}

function searchFor(fleet: Fleet, { resources, labels, avoid }: RowAsk): Search {
  const mask = labelMask(labels, fleet.labelWords);
  return {
    ask: resources,
    labels: mask,
    takes: (row) => fits(fleet.free(row), resources) && hasLabels(fleet, row, mask) && !avoid.includes(row),
  };
}

/** Whether the node has all of these labels. */
export const hasLabels = (fleet: Fleet, row: number, mask: Int32Array | null): boolean =>
  mask === null || mask.every((word, at) => (fleet.labelWord(row, at) & word) === word);

/**
 * Places servers together, the largest first, each where the others leave room. Returns a row for each, in the order of the
 * asks; {@link NOWHERE} for one that fits nowhere once the larger ones are placed. The given picture stays as it is.
 */
export function placeBatch(fleet: Fleet, asks: readonly RowAsk[], strategy: Strategy): Int32Array {
  const picture = fleet.copy();
  const rows = new Int32Array(asks.length).fill(NOWHERE);
  const groups = new Map<string, readonly number[]>();
  let after: number | null = null;
  for (const at of largestFirst(asks)) {
    const ask = asks[at];
    if (ask === undefined) continue;
    const apart = ask.group === null ? [] : (groups.get(ask.group) ?? []);
    const row = place(picture, { ...ask, avoid: [...ask.avoid, ...apart], after: after ?? ask.after }, strategy);
    if (row === NOWHERE) continue;
    rows[at] = row;
    after = row;
    picture.book(row, ask.resources);
    if (ask.group !== null) groups.set(ask.group, [...apart, row]);
  }
  return rows;
}

/** The places of the asks: the most RAM first, since RAM is what runs out; then CPU, disk, ports; then as they came. */
export function largestFirst(asks: readonly RowAsk[]): number[] {
  const compare = (a: Resources, b: Resources): number =>
    b.ramMb - a.ramMb || b.cpuMilli - a.cpuMilli || b.diskMb - a.diskMb || b.ports - a.ports;
  const resources = asks.map((ask) => ask.resources);
  const none: Resources = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0 };
  return resources.map((_, at) => at).sort((a, b) => compare(resources[a] ?? none, resources[b] ?? none) || a - b);
}
