/** Why here and why not there: the same rules as `place`, looked at node by node without an index. */
import { labelMask, type RowAsk } from './ask.ts';
import { amountOf, fits, lacking, type Resource, type Resources } from './fit.ts';
import { classOf, type Fleet, isCandidate, type MachineClass } from './fleet.ts';
import { BUSY, CORDONED, HEALTHY, PRESENT, READY, SYSTEM } from './layout.ts';
import { hasLabels } from './place.ts';
import type { Strategy } from './strategies.ts';

/** What speaks against a node. */
export type Obstacle =
  | {
      readonly type:
        | 'not_ready'
        | 'unhealthy'
        | 'cordoned'
        | 'system'
        | 'busy'
        | 'label_missing'
        | 'avoided'
        | 'elsewhere';
    }
  | { readonly type: 'lacks'; readonly resource: Resource; readonly asked: number; readonly free: number };

/** What speaks for it. Nodes are tried in the order of these, from the first to the last. */
export interface Score {
  /** It has the server's data. */
  readonly data: boolean;
  readonly machines: MachineClass;
  /** The strategy's key (`strategies.ts`), the lower the better; for `round_robin` how many rows after the last one. */
  readonly key: number;
}

export interface RowVerdict {
  readonly row: number;
  readonly free: Resources;
  /** Empty for a node that will do. */
  readonly obstacles: readonly Obstacle[];
  readonly score: Score;
  /** 1 for the node that is chosen; null for one that will not do. */
  readonly rank: number | null;
}

/** Every node with what speaks against it, or else its score and rank; those that will do come first, the chosen one first of all. */
export function explain(fleet: Fleet, ask: RowAsk, strategy: Strategy): RowVerdict[] {
  const verdicts: Omit<RowVerdict, 'rank'>[] = [];
  const mask = labelMask(ask.labels, fleet.labelWords);
  for (let row = 0; row < fleet.used; row += 1) {
    if ((fleet.flags(row) & PRESENT) === 0) continue;
    const free = fleet.free(row);
    verdicts.push({
      row,
      free,
      obstacles: obstacles(fleet, row, ask, mask),
      score: scoreOf(fleet, row, ask, strategy),
    });
  }
  const willDo = verdicts.filter((one) => one.obstacles.length === 0).sort(byScore);
  const willNot = verdicts.filter((one) => one.obstacles.length > 0);
  return [...willDo.map((one, at) => ({ ...one, rank: at + 1 })), ...willNot.map((one) => ({ ...one, rank: null }))];
}

function obstacles(fleet: Fleet, row: number, ask: RowAsk, mask: Int32Array | null): Obstacle[] {
  const flags = fleet.flags(row);
  const free = fleet.free(row);
  const found: Obstacle[] = [];
  if (!isCandidate(flags)) {
    if ((flags & READY) === 0) found.push({ type: 'not_ready' });
    if ((flags & HEALTHY) === 0) found.push({ type: 'unhealthy' });
    if ((flags & CORDONED) !== 0) found.push({ type: 'cordoned' });
    if ((flags & SYSTEM) !== 0) found.push({ type: 'system' });
    if ((flags & BUSY) !== 0) found.push({ type: 'busy' });
  }
  if (!hasLabels(fleet, row, mask)) found.push({ type: 'label_missing' });
  if (ask.avoid.includes(row)) found.push({ type: 'avoided' });
  if (ask.only !== null && ask.only !== row) found.push({ type: 'elsewhere' });
  if (fits(free, ask.resources)) return found;
  const short = lacking(free, ask.resources);
  return [
    ...found,
    ...short.map((resource) => ({
      type: 'lacks' as const,
      resource,
      asked: ask.resources[resource],
      free: free[resource],
    })),
  ];
}

function scoreOf(fleet: Fleet, row: number, ask: RowAsk, strategy: Strategy): Score {
  const key = strategy === 'round_robin' ? distance(row, ask.after, fleet.used) : fleet.key(strategy, row);
  return { data: row === ask.dataOn, machines: classOf(fleet.flags(row)), key };
}

const distance = (row: number, after: number, rows: number): number => (row > after ? row - after : row - after + rows);

const byScore = (a: Pick<RowVerdict, 'row' | 'score'>, b: Pick<RowVerdict, 'row' | 'score'>): number =>
  Number(b.score.data) - Number(a.score.data) ||
  Number(a.score.machines === 'cloud') - Number(b.score.machines === 'cloud') ||
  a.score.key - b.score.key ||
  a.row - b.row;

const SENTENCES = {
  not_ready: 'It is not ready.',
  unhealthy: 'It does not answer as it should.',
  cordoned: 'It takes no new servers.',
  system: 'It carries Baton itself.',
  busy: 'As many servers as may start on it at once are doing so.',
  label_missing: 'It has not all of the labels that are asked for.',
  avoided: 'It has a server of the same group, or refused this one.',
  elsewhere: 'The world is on another node.',
} as const;

/** The obstacle as a sentence about the node. */
export const sentence = (obstacle: Obstacle): string =>
  obstacle.type === 'lacks'
    ? `${amountOf(obstacle.resource, obstacle.asked)} are needed, and ${amountOf(obstacle.resource, obstacle.free)} are free.`
    : SENTENCES[obstacle.type];
