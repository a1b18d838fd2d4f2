/** Placing, purely: the same fleet and the same ask give the same node, whoever asks and however the picture came about. */
import { labelMask, type RowAsk } from './ask.ts';
import { fits, heldBy, PLENTY, type Resource, type Resources } from './fit.ts';
import { CLASSES, type Fleet, isCandidate } from './fleet.ts';
import { PRESENT } from './layout.ts';
import type { Search } from './ordered-rows.ts';
import { type Strategy, type Weights, weighed, weightsFor } from './strategies.ts';

/** No node will do. */
export const NOWHERE = -1;

/**
 * The node for a server: the only one that may take it, or else the one that has its data, else a dedicated one, else one of a cloud, in the strategy's order. Returns
 * its row, or {@link NOWHERE}.
 */
export function place(fleet: Fleet, ask: RowAsk, strategy: Strategy): number {
  const search = searchFor(fleet, ask);
  const { dataOn, only } = ask;
  if (only !== null) return only !== NOWHERE && isCandidate(fleet.flags(only)) && search.takes(only) ? only : NOWHERE;
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
      return fleet.first(strategy, machines, weighed(resources, fleet.weights), 0, search);
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
 *
 * Where they want other resources than RAM, large and full are by weight (`weightsFor`): filling nodes by their RAM alone
 * would leave cores on one and disk on another that nobody can use (`npm run bench -- packing`).
 */
export function placeBatch(fleet: Fleet, asks: readonly RowAsk[], strategy: Strategy): Int32Array {
  const weights = weightsOf(fleet, asks);
  const picture = fleet.copy({ weights, least: leastOf(asks) });
  const rows = new Int32Array(asks.length).fill(NOWHERE);
  const groups = new Map<string, readonly number[]>();
  let after: number | null = null;
  for (const at of largestFirst(asks, weights)) {
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

/** The weights of what the fleet's servers hold and these ask for. */
function weightsOf(fleet: Fleet, asks: readonly RowAsk[]): Weights {
  const sizes: Resources[] = [];
  const wanted = asks.map((ask) => ask.resources);
  for (let row = 0; row < fleet.used; row += 1) {
    if ((fleet.flags(row) & PRESENT) === 0) continue;
    sizes.push(fleet.size(row));
    wanted.push(fleet.held(row));
  }
  return weightsFor(heldBy(sizes), heldBy(wanted), sizes.length);
}

/** Of each resource the least that any of them asks for. */
function leastOf(asks: readonly RowAsk[]): Resources {
  const least = (resource: Resource): number =>
    asks.reduce((so, { resources }) => Math.min(so, resources[resource]), PLENTY);
  return { ramMb: least('ramMb'), cpuMilli: least('cpuMilli'), diskMb: least('diskMb'), ports: least('ports') };
}

/** The places of the asks: by weight, the most first; those of one weight by RAM, CPU, disk, ports; then as they came. */
function largestFirst(asks: readonly RowAsk[], weights: Weights): number[] {
  const sizes = asks.map(({ resources }, at) => ({ at, resources, weight: weighed(resources, weights) }));
  sizes.sort(
    ({ resources: a, ...first }, { resources: b, ...second }) =>
      second.weight - first.weight ||
      b.ramMb - a.ramMb ||
      b.cpuMilli - a.cpuMilli ||
      b.diskMb - a.diskMb ||
      b.ports - a.ports ||
      first.at - second.at,
  );
  return sizes.map(({ at }) => at);
}
