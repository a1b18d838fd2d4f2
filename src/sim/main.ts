/**
 * `npm run sim`: the simulator. `-- --seeds 1000 --first-seed 1` plays the seeds 1 to 1000; `--seed 57 --trace` plays one again
 * and says all that happens; `--json` ends with the counts as JSON. Exits with 1 when a promise was broken.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { simulatedGames } from './games.ts';
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
  },
});
const whole = z.coerce.number().int().min(0);
const first = whole.parse(values.seed ?? values['first-seed']);
const seeds = values.seed === undefined ? whole.min(1).parse(values.seeds) : 1;

// Taking stacks of errors that are expected costs a tenth of the time.
if (values.seed === undefined) Error.stackTraceLimit = 0;

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(line);
const games = await simulatedGames();
const tally = createTally(() => performance.now());
for (let seed = first; seed < first + seeds; seed += 1) {
  const result = await run({ seed, games, scenario: SCENARIO, ...(values.trace && { onLine: say }) });
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
