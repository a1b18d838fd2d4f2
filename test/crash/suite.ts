/** Many runs, two at a time, each with a seed of its own; and what they come to. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pMap, { pMapSkip } from 'p-map';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import { compileInto } from './baton.ts';
import { pointsOf } from './points.ts';
import { crashRun, type RunReport } from './run.ts';
import { makeTemplate } from './template.ts';

export interface SuiteOptions {
  readonly engine: EngineKind;
  readonly runs: number;
  /** Of the first run; the others follow it. */
  readonly seed: number;
  readonly parallel: number;
  /** Leave the data directories of runs with violations. */
  readonly keep: boolean;
  /** Begin no more runs once one has violations. */
  readonly bail: boolean;
  readonly signal: AbortSignal;
  readonly onRun: (report: RunReport) => void;
}

export interface Summary {
  readonly engine: EngineKind;
  readonly seed: number;
  readonly runs: number;
  /** Deaths of Baton by SIGKILL, at a point or from outside, and orderly stops. */
  readonly kills: { readonly at_points: number; readonly from_outside: number; readonly while_starting: number };
  readonly stops: number;
  readonly database_kills: number;
  readonly points: { readonly reached: number; readonly all: number; readonly missed: readonly string[] };
  readonly commands: number;
  readonly unanswered: number;
  readonly turns: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly violations: number;
  readonly failed_seeds: readonly number[];
  readonly seconds: number;
}

export async function crashSuite(options: SuiteOptions): Promise<Summary> {
  const { runs, seed, parallel, signal } = options;
  const began = performance.now();
  // Short, because a socket's path must be, and passable, because the database runs as another user.
  const directory = await mkdtemp(join(tmpdir(), 'bc-'));
  await chmod(directory, 0o711);
  let kept = false;
  try {
    const compiled = join(directory, 'compiled');
    const [template] = await Promise.all([makeTemplate(directory), compileInto(compiled)]);
    const seeds = Array.from({ length: runs }, (_, index) => seed + index);
    let bailed = false;
    const reports = await pMap(
      seeds,
      async (one) => {
        if (bailed || signal.aborted) return pMapSkip;
        const report = await crashRun({ ...options, seed: one, template, directory, compiled });
        kept ||= report.kept !== null;
        bailed ||= options.bail && report.violations.length > 0;
        options.onRun(report);
        return report;
      },
      // A run that is interrupted takes away what it has made; nobody may leave before all of them have.
      { concurrency: parallel, stopOnError: false },
    );
    return summary(options, reports, performance.now() - began);
  } finally {
    if (!kept) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function summary({ engine, seed }: SuiteOptions, reports: readonly RunReport[], ms: number): Summary {
  const died = reports.flatMap((report) => report.died);
  const reached = new Set(died.flatMap(({ point }) => point ?? []));
  const all = pointsOf(engine).map(({ name }) => name);
  const sum = (of: (report: RunReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  const outside = died.filter(({ point, stopped }) => point === null && !stopped);
  const operations: Record<string, number> = {};
  for (const report of reports) {
    for (const [name, count] of Object.entries(report.operations)) operations[name] = (operations[name] ?? 0) + count;
  }
  return {
    engine,
    seed,
    runs: reports.length,
    kills: {
      at_points: died.filter(({ point }) => point !== null).length,
      from_outside: outside.length,
      while_starting: died.filter(({ early }) => early).length,
    },
    stops: died.filter(({ stopped, point }) => stopped && point === null).length,
    database_kills: died.filter(({ databaseKilled }) => databaseKilled).length,
    points: { reached: reached.size, all: all.length, missed: all.filter((name) => !reached.has(name)) },
    commands: sum((report) => report.commands),
    unanswered: sum((report) => report.lost),
    turns: sum((report) => report.turns),
    operations: Object.fromEntries(Object.entries(operations).toSorted()),
    violations: sum((report) => report.violations.length),
    failed_seeds: reports.filter((report) => report.violations.length > 0).map((report) => report.seed),
    seconds: Math.round(ms / 1_000),
  };
}

/** One line for people. */
export function counts({ engine, runs, kills, stops, database_kills, points, ...rest }: Summary): string {
  const all = kills.at_points + kills.from_outside;
  const operations = Object.values(rest.operations).reduce((total, count) => total + count, 0);
  return [
    `crash suite (${engine}): ${runs} runs`,
    `${all} kills (${kills.at_points} at named points, ${kills.from_outside} from outside, ${kills.while_starting} while starting)`,
    `${stops} orderly stops`,
    `${database_kills} database kills`,
    `points covered ${points.reached} of ${points.all}`,
    `commands ${rest.commands} (${rest.unanswered} attempts unanswered)`,
    `operations ${operations}`,
    `turns ${rest.turns}`,
    `violations ${rest.violations}`,
    `${rest.seconds} s`,
  ].join(', ');
}

/** One line of a run. */
export function runLine({ seed, engine, died, commands, lost, turns, quietMs, ms, ...rest }: RunReport): string {
  const deaths = died.map(({ planned, point, early }) => `${point ?? planned}${early ? '*' : ''}`).join(' ');
  const found = rest.violations.length;
  const verdict = found === 0 ? 'ok' : `${found} VIOLATIONS`;
  return `${engine} seed ${seed}: ${verdict}, ${(ms / 1_000).toFixed(1)} s (quiet after ${(quietMs / 1_000).toFixed(1)} s), ${commands} commands, ${lost} unanswered, ${turns} turns; died at ${deaths}`;
}
