/** Who comes first: fleet.md, "Queue". The same entries give the same order, however often and wherever it is asked. */
import type { QueueContext, QueueEntry } from './types.ts';

/** The lower comes first. */
const CLASSES = { reserved: 0, balanced: 1, payperplay: 2 } as const satisfies Record<QueueEntry['plan'], number>;

export interface Ranked {
  readonly entry: QueueEntry;
  /** The first server of each owner within a class is in round 0, the second in round 1. Within a round nobody has a claim before others. */
  readonly round: number;
}

/**
 * By class; within it round by round, so that an owner with many servers has one turn where others have one; within a round by
 * time. So each owner's own servers come first come, first served.
 */
export function ranked(entries: readonly QueueEntry[]): readonly Ranked[] {
  const rounds = new Map<string, number>();
  return entries
    .toSorted(byTime)
    .map((entry) => {
      const key = `${entry.plan} ${entry.ownerId}`;
      const round = rounds.get(key) ?? 0;
      rounds.set(key, round + 1);
      return { entry, round };
    })
    .sort((a, b) => CLASSES[a.entry.plan] - CLASSES[b.entry.plan] || a.round - b.round || byTime(a.entry, b.entry));
}

const byTime = (a: QueueEntry, b: QueueEntry): number => a.queuedAt - b.queuedAt || (a.serverId < b.serverId ? -1 : 1);

/** The ranked in groups of one class and one round: those of a group are placed together, the largest first. */
export function grouped(all: readonly Ranked[]): readonly (readonly QueueEntry[])[] {
  const groups = Map.groupBy(all, ({ entry, round }) => `${entry.plan} ${round}`);
  return [...groups.values()].map((group) => group.map(({ entry }) => entry));
}

/** Fewer placements, or older ones, say nothing about the next. */
const SAMPLES_MIN = 3;
const SAMPLE_MS = 10 * 60_000;

/**
 * When a server at this position may have its place, if places become free as they lately did; null when too few did to say.
 * @param position from 1
 * @param at now, Unix ms
 */
export function etaOf({ placedAt }: Pick<QueueContext, 'placedAt'>, position: number, at: number): number | null {
  const recent = placedAt.filter((time) => at - time <= SAMPLE_MS);
  const [oldest] = recent;
  if (oldest === undefined || recent.length < SAMPLES_MIN) return null;
  return Math.round(at + (position * (at - oldest)) / recent.length);
}
