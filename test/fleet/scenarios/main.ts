/**
 * `npm run scenarios`: what happens to servers when machines are lost, measured on three real ones. `-- --only cut` plays one,
 * `--rounds 3` each three times, `--kill` each also with Baton killed in it, `--json` ends with all figures as JSON.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { hardware } from '../../../bench/hardware.ts';
import { KILL_MOMENTS, SCENARIOS } from './scenarios.ts';
import { playAll, type Report, spreadOf } from './suite.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    rounds: { type: 'string', default: '1' },
    servers: { type: 'string', default: '1' },
    kill: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const { rounds, servers } = z
  .object({ rounds: z.coerce.number().int().min(1), servers: z.coerce.number().int().min(1).max(10) })
  .parse(values);
const unknown = values.only?.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown !== undefined) {
  const names = SCENARIOS.map(({ name, about }) => `  ${name.padEnd(12)} ${about}\n`).join('');
  process.stderr.write(`There is no scenario ${unknown}; there are:\n${names}`);
  process.exit(2);
}

const say = (line: string): void => void (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort(new Error('interrupted')));

const chosen = SCENARIOS.filter(({ name }) => values.only === undefined || values.only.includes(name));
const plays = Array.from({ length: rounds }, (_, round) =>
  chosen.flatMap((scenario, index) => [
    { scenario, kill: null },
    // Each round kills it at another moment of each scenario.
    ...(values.kill ? [{ scenario, kill: KILL_MOMENTS[(round + index) % KILL_MOMENTS.length] ?? 'struck' }] : []),
  ]),
).flat();

const started = hardware();
say(`${plays.length} plays; load ${started.load}`);
const { reports, end } = await playAll({
  plays,
  nodes: 3,
  serversEach: servers,
  diskMb: 4_000,
  say,
  signal: stop.signal,
  onReport: (report) => say(line(report)),
});
if (end !== null) say(end);

const moving = reports.filter(({ figures }) => figures.running_ms !== null);
const summary = {
  at: new Date().toISOString(),
  hardware: started,
  load_at_end: hardware().load,
  plays: reports.length,
  violations: reports.reduce((sum, { violations }) => sum + violations.length, end === null ? 0 : 1),
  noticed_ms: spreadOf(moving.filter(calm), 'noticed_ms'),
  fenced_ms: spreadOf(moving.filter(calm), 'fenced_ms'),
  running_ms: spreadOf(moving.filter(calm), 'running_ms'),
  running_ms_baton_killed: spreadOf(
    moving.filter((report) => !calm(report)),
    'running_ms',
  ),
  reports,
};
say(
  `noticed ${text(summary.noticed_ms)}\nfenced ${text(summary.fenced_ms)}\nrunning elsewhere ${text(summary.running_ms)}\n` +
    `running elsewhere, Baton killed ${text(summary.running_ms_baton_killed)}\n${summary.violations} violations`,
);
if (values.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
process.exitCode = summary.violations > 0 ? 1 : 0;

function calm({ baton_killed }: Report): boolean {
  return baton_killed === null;
}

function text(spread: ReturnType<typeof spreadOf>): string {
  if (spread === null) return '–';
  const { runs, median, p99, worst } = spread;
  return `median ${seconds(median)}, p99 ${seconds(p99)}, worst ${seconds(worst)} of ${runs}`;
}

function line({ scenario, baton_killed, figures, violations }: Report): string {
  const f = figures;
  const killed = baton_killed === null ? '' : ` (Baton killed: ${baton_killed})`;
  const parts = [
    `noticed ${seconds(f.noticed_ms)}, silent ${seconds(f.silent_ms)}, fenced ${seconds(f.fenced_ms)}`,
    `elsewhere ${seconds(f.running_ms)}, in order ${seconds(f.back_ms)} after it was mended`,
    `overlap ${f.overlap_ms} ms, late ${f.late_writes}, lost ${f.lost_writes}, touched ${f.touched}`,
    `longest gap elsewhere ${f.longest_gap_ms} ms`,
    `GET /api/servers p99 ${f.p99_before_ms} → ${f.p99_during_ms} ms`,
  ];
  return [`${scenario}${killed}: ${parts.join('; ')}`, ...violations.map((each) => `  WRONG: ${each}`)].join('\n');
}

function seconds(ms: number | null): string {
  return ms === null ? '–' : `${(ms / 1000).toFixed(1)} s`;
}
