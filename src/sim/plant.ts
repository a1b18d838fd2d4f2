/** Plants known defects, one at a time, and counts the seeds that it takes to find them. */
import type { Defect } from './defects/index.ts';
import type { Players } from './players.ts';

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
  readonly players: Players;
  readonly first: number;
  /** At most so many in a trial. */
  readonly seeds: number;
  readonly trials: number;
  /** Hears each row of the table, in the order of the defects. */
  readonly say: (line: string) => void;
}

export async function plant({ defects, say, ...options }: PlantOptions): Promise<Planted[]> {
  // All at once, so that no thread waits for the last trial of a defect.
  const underway = defects.map((defect) => plantOne(defect, options));
  const rows: Planted[] = [];
  for (const row of underway) {
    rows.push(await row);
    say(lineOf(await row));
  }
  return rows;
}

type Trials = Omit<PlantOptions, 'defects' | 'say'>;

async function plantOne({ name, what }: Defect, { players, first, seeds, trials }: Trials): Promise<Planted> {
  const starts = Array.from({ length: trials }, (_, trial) => first + trial * seeds);
  const outcomes = await Promise.all(
    starts.map(async (from) => {
      const hit = await players.search({ first: from, seeds, defect: name });
      return hit === null ? [] : [{ invariant: hit.found.invariant, took: hit.seed - from + 1 }];
    }),
  );
  const hits = outcomes.flat();
  const by = Map.groupBy(hits, ({ invariant }) => invariant);
  return {
    name,
    what,
    trials,
    found: hits.length,
    median_seeds: median(
      hits.map(({ took }) => took),
      trials,
    ),
    by: [...by].sort(([, a], [, b]) => b.length - a.length).map(([invariant]) => invariant),
  };
}

const lineOf = ({ name, what, by, found, trials, median_seeds }: Planted): string =>
  `| \`${name}\` | ${what} | ${by.join(', ')} | ${found} of ${trials} | ${median_seeds ?? '–'} |\n`;

/** Trials without a find count as the longest. */
function median(took: readonly number[], trials: number): number | null {
  const sorted = took.toSorted((a, b) => a - b);
  return sorted[Math.floor((trials - 1) / 2)] ?? null;
}
