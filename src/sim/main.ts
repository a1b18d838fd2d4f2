/**
 * `npm run sim`: the simulator. `-- --seeds 1000 --first-seed 1` plays the seeds 1 to 1000, one thread a core unless `--threads`
 * says otherwise; `--seed 57 --trace` plays one again and says all that happens; `--json` ends with the counts as JSON. `--defects`
 * plants known defects one at a time and says how many seeds it took to find them, at most `--seeds` in each of `--trials`;
 * `--defect NAME` plants one. Exits with 1 when a promise was broken, or a defect not found.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { playAll } from './campaign.ts';
import { DEFECTS } from './defects/index.ts';
import { simulatedGames } from './games.ts';
import { plant } from './plant.ts';
import { createPlayers } from './players.ts';
import { type RunResult, run } from './run.ts';
import { scenarioOf } from './settings.ts';
import { createTally, summaryLines } from './tally.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    'first-seed': { type: 'string', default: '1' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    defects: { type: 'boolean', default: false },
    defect: { type: 'string' },
    trials: { type: 'string', default: '5' },
    threads: { type: 'string' },
  },
});
const whole = z.coerce.number().int().min(0);
const first = whole.parse(values['first-seed']);
const seeds = whole.min(1).parse(values.seeds);
const threads = values.threads === undefined ? undefined : whole.min(1).parse(values.threads);

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(line);
const defect = DEFECTS.find(({ name }) => name === values.defect);
if (values.defect !== undefined && defect === undefined) throw new TypeError(`There is no defect ${values.defect}.`);

/** A campaign's runs, or the one that was asked for: here, so that each line is said when it happens and errors have stacks. */
async function* runs(): AsyncGenerator<RunResult> {
  if (values.seed === undefined) {
    const players = createPlayers(threads);
    yield* playAll(players, { first, seeds, defect: defect?.name });
    return players.close();
  }
  const seed = whole.parse(values.seed);
  const games = await simulatedGames();
  const result = await run({ seed, games, scenario: scenarioOf(seed), defect, ...(values.trace && { onLine: say }) });
  say(`seed ${seed}: ${result.hash}\n`);
  yield result;
}

async function search(): Promise<void> {
  const players = createPlayers(threads);
  const chosen = defect === undefined ? DEFECTS : [defect];
  const rows = await plant({ defects: chosen, players, first, seeds, trials: whole.parse(values.trials), say });
  await players.close();
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  process.exitCode = rows.every(({ found }) => found > 0) ? 0 : 1;
}

async function playSeeds(): Promise<void> {
  const tally = createTally(() => performance.now());
  for await (const result of runs()) {
    tally.add(result);
    for (const { invariant, text, atMs } of result.violations) {
      say(`seed ${result.seed} at ${(atMs / 1000).toFixed(3)} s: ${invariant}: ${text}\n`);
    }
  }
  const summary = tally.summary();
  for (const line of summaryLines(summary)) say(`${line}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  process.exitCode = summary.violations.length > 0 ? 1 : 0;
}

await (values.defects ? search() : playSeeds());
