/** Plants known defects, one at a time, and counts the seeds that it takes to find them. */
import type { Games } from '../conductor/interfaces/games.ts';
import type { Defect } from './defects/index.ts';
import { run } from './run.ts';
import { SCENARIO } from './settings.ts';

export interface Planted {
  readonly name: string;
  readonly what: string;
  readonly trials: number;
  /** Trials in which it was found. */
  readonly found: number;
  /** Seeds until it was found; null where half of the trials did not find it. */
  readonly median_seeds: number | null;
  /** The invariants that it broke, most often first. */
  readonly by: readonly string[];
}

export interface PlantOptions {
  readonly defects: readonly Defect[];
  readonly games: Games;
  readonly first: number;
  /** At most so many in a trial. */
  readonly seeds: number;
  readonly trials: number;
  readonly say: (line: string) => void;
}

export async function plant({ defects, games, first, seeds, trials, say }: PlantOptions): Promise<Planted[]> {
  const rows: Planted[] = [];
  for (const defect of defects) {
    const took: number[] = [];
    const by = new Map<string, number>();
    for (let trial = 0; trial < trials; trial += 1) {
      const from = first + trial * seeds;
      for (let seed = from; seed < from + seeds; seed += 1) {
        const [violation] = (await run({ seed, games, scenario: SCENARIO, defect })).violations;
        if (violation === undefined) continue;
        took.push(seed - from + 1);
        by.set(violation.invariant, (by.get(violation.invariant) ?? 0) + 1);
        break;
      }
    }
    const row: Planted = {
      name: defect.name,
      what: defect.what,
      trials,
      found: took.length,
      median_seeds: median(took, trials),
      by: [...by].sort(([, a], [, b]) => b - a).map(([name]) => name),
    };
    rows.push(row);
    say(
      `| \`${row.name}\` | ${row.what} | ${row.by.join(', ')} | ${row.found} of ${trials} | ${row.median_seeds ?? '–'} |\n`,
    );
  }
  return rows;
}

/** Trials without a find count as the longest. */
function median(took: readonly number[], trials: number): number | null {
  const sorted = took.toSorted((a, b) => a - b);
  return sorted[Math.floor((trials - 1) / 2)] ?? null;
}
