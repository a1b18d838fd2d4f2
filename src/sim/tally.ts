/** What many runs come to. */
import { createHash } from 'node:crypto';
import type { Found, RunResult } from './run.ts';

export interface Summary {
  readonly seeds: number;
  readonly first_seed: number | null;
  /** Over the hashes of all runs in their order: the same for the same seeds. */
  readonly hash: string;
  readonly seeds_per_second: number;
  readonly virtual_days: number;
  readonly turns: number;
  readonly steps: number;
  /** By kind. */
  readonly faults: Readonly<Record<string, number>>;
  readonly states_covered: number;
  readonly transitions_covered: number;
  readonly violations: readonly (Found & { readonly seed: number })[];
}

export interface Tally {
  add(result: RunResult): void;
  summary(): Summary;
}

/** @param nowMs a stopwatch */
export function createTally(nowMs: () => number): Tally {
  const began = nowMs();
  const states = new Set<string>();
  const transitions = new Set<string>();
  const faults = new Map<string, number>();
  const violations: (Found & { seed: number })[] = [];
  const hash = createHash('sha256');
  let [seeds, virtualMs, turns, steps] = [0, 0, 0, 0];
  let first: number | null = null;
  return {
    add(result) {
      first ??= result.seed;
      hash.update(result.hash);
      seeds += 1;
      virtualMs += result.virtualMs;
      turns += result.turns;
      steps += result.events;
      for (const state of result.states) states.add(state);
      for (const transition of result.transitions) transitions.add(transition);
      for (const [name, count] of result.faults) faults.set(name, (faults.get(name) ?? 0) + count);
      violations.push(...result.violations.map((found) => ({ seed: result.seed, ...found })));
    },
    summary: () => ({
      seeds,
      first_seed: first,
      hash: hash.copy().digest('hex').slice(0, 16),
      seeds_per_second: Number((seeds / ((nowMs() - began) / 1000)).toFixed(1)),
      virtual_days: Number((virtualMs / 86_400_000).toFixed(2)),
      turns,
      steps,
      faults: Object.fromEntries([...faults].sort(([a], [b]) => (a < b ? -1 : 1))),
      states_covered: states.size,
      transitions_covered: transitions.size,
      violations,
    }),
  };
}

export function summaryLines(summary: Summary): string[] {
  const { seeds, hash, seeds_per_second, virtual_days, turns, steps, faults } = summary;
  const injected = Object.values(faults).reduce((sum, count) => sum + count, 0);
  return [
    `${seeds} seeds, ${seeds_per_second} a second, hash ${hash}; ${virtual_days} virtual days, ${steps} steps, ${turns} turns`,
    `${injected} faults: ${Object.entries(faults)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `${summary.states_covered} states and ${summary.transitions_covered} transitions covered; ${summary.violations.length} violations`,
  ];
}
