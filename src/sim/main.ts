/**
 * `npm run sim`: the simulator. `-- --seeds 1000 --first-seed 1` plays the seeds 1 to 1000; `--seed 57 --trace` plays one again
 * and says all that happens; `--json` ends with the counts as JSON. `--defects` plants known defects one at a time and says how
 * many seeds it took to find them, at most `--seeds` in each of `--trials`; `--defect NAME` plants one. Exits with 1 when a
 * promise was broken, or a defect not found.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { DEFECTS } from './defects/index.ts';
import { simulatedGames } from './games.ts';
import { plant } from './plant.ts';
import { run } from './run.ts';
import { SCENARIO } from './settings.ts';
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
  },
});
const whole = z.coerce.number().int().min(0);
const first = whole.parse(values.seed ?? values['first-seed']);
const seeds = values.seed === undefined ? whole.min(1).parse(values.seeds) : 1;

// Taking stacks of errors that are expected costs a tenth of the time.
if (values.seed === undefined) Error.stackTraceLimit = 0;

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(line);
const games = await simulatedGames();
const defect = DEFECTS.find(({ name }) => name === values.defect);
if (values.defect !== undefined && defect === undefined) throw new TypeError(`There is no defect ${values.defect}.`);

if (values.defects) {
  const chosen = defect === undefined ? DEFECTS : [defect];
  const rows = await plant({ defects: chosen, games, first, seeds, trials: whole.parse(values.trials), say });
  if (values.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  process.exit(rows.every(({ found }) => found > 0) ? 0 : 1);
}

const tally = createTally(() => performance.now());
for (let seed = first; seed < first + seeds; seed += 1) {
  const result = await run({ seed, games, scenario: SCENARIO, defect, ...(values.trace && { onLine: say }) });
  tally.add(result);
  for (const { invariant, text, atMs } of result.violations) {
    say(`seed ${seed} at ${(atMs / 1000).toFixed(3)} s: ${invariant}: ${text}\n`);
  }
  if (values.seed !== undefined) say(`seed ${seed}: ${result.hash}\n`);
}
const summary = tally.summary();
for (const line of summaryLines(summary)) say(`${line}\n`);
if (values.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
process.exitCode = summary.violations.length > 0 ? 1 : 0;
