/** A thread that plays seeds, one at a time. Each run is single-threaded and the same wherever it is played. */
import { DEFECTS, type Defect } from './defects/index.ts';
import { simulatedGames } from './games.ts';
import { type Found, type RunResult, run } from './run.ts';
import { scenarioOf } from './settings.ts';

export interface Play {
  readonly seed: number;
  /** Names the one that is planted. */
  readonly defect?: string | undefined;
}

/** Plays seeds until a promise is broken. */
export interface Search extends Omit<Play, 'seed'> {
  readonly first: number;
  /** At most so many. */
  readonly seeds: number;
}

export interface Hit {
  readonly seed: number;
  readonly found: Found;
}

const games = await simulatedGames();

// Taking stacks of errors that are expected costs a tenth of the time.
Error.stackTraceLimit = 0;

/** Throws a `TypeError` for a name that no defect has. */
function defectOf(name: string | undefined): Defect | undefined {
  const defect = DEFECTS.find((each) => each.name === name);
  if (name !== undefined && defect === undefined) throw new TypeError(`There is no defect ${name}.`);
  return defect;
}

export const play = ({ seed, defect }: Play): Promise<RunResult> =>
  run({ seed, games, scenario: scenarioOf(seed), defect: defectOf(defect) });

/** Null when no seed found it. A seed in which a promise is broken without the defect as well has not found it. */
export async function search({ first, seeds, defect }: Search): Promise<Hit | null> {
  for (let seed = first; seed < first + seeds; seed += 1) {
    const [found] = (await play({ seed, defect })).violations;
    if (found !== undefined && (await play({ seed })).violations.length === 0) return { seed, found };
  }
  return null;
}
