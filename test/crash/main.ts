/**
 * `npm run crash`: the long form of the crash suite. `--runs 200 --seed 1` plays the seeds 1 to 200; one that failed is had
 * again with `--runs 1 --seed <it>`. `--engine docker` uses real containers; `--json` ends with the summary as JSON;
 * `--keep` leaves the data directories of runs with violations; `--bail` ends with the first of them.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { counts, crashSuite, runLine } from './suite.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    engine: { type: 'string', default: 'simulated' },
    parallel: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
  },
});
const options = z
  .object({
    runs: z.coerce.number().int().min(1),
    seed: z.coerce.number().int().min(0),
    engine: z.enum(['simulated', 'docker']),
    parallel: z.coerce.number().int().min(1).max(2),
  })
  .parse(values);

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error('interrupted')));

const playing = crashSuite({
  ...options,
  keep: values.keep,
  bail: values.bail,
  signal: stop.signal,
  onRun(report) {
    say(runLine(report));
    for (const violation of report.violations) say(`  ${violation.replaceAll('\n', '\n    ')}`);
    if (report.kept !== null) say(`  kept: ${report.kept}`);
  },
});
const summary = await playing.catch((error: unknown) => {
  if (!stop.signal.aborted) throw error;
  say('interrupted; everything that was started is ended');
  process.exit(130);
});
say(counts(summary));
if (values.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
process.exitCode = summary.violations > 0 ? 1 : 0;
