/** Scenarios one after another on one stage, and what they come to together. */
import { quantile } from '../../../bench/report.ts';
import { type Figures, judge } from './judge.ts';
import { play } from './play.ts';
import type { KillMoment, Scenario } from './scenarios.ts';
import { type StageOptions, setStage } from './stage.ts';

export interface Report {
  readonly scenario: string;
  /** When Baton was killed and started again. */
  readonly baton_killed: KillMoment | null;
  readonly figures: Figures;
  readonly violations: readonly string[];
}

export interface SuiteOptions extends StageOptions {
  readonly plays: readonly { readonly scenario: Scenario; readonly kill: KillMoment | null }[];
  readonly onReport: (report: Report) => void;
  readonly signal: AbortSignal;
}

export interface Suite {
  readonly reports: readonly Report[];
  /** What was wrong with how Baton ended. */
  readonly end: string | null;
}

export async function playAll({ plays, onReport, signal, ...options }: SuiteOptions): Promise<Suite> {
  const stage = await setStage(options);
  const reports: Report[] = [];
  let end: string | null = null;
  try {
    for (const { scenario, kill } of plays) {
      signal.throwIfAborted();
      const { figures, violations } = judge(await play(stage, scenario, kill));
      const report = { scenario: scenario.name, baton_killed: kill, figures, violations };
      reports.push(report);
      onReport(report);
    }
  } catch (thrown) {
    options.say(stage.baton.log().slice(-30).join('\n'));
    throw thrown;
  } finally {
    end = await stage.clear();
  }
  return { reports, end };
}

export interface Spread {
  readonly runs: number;
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
}

/** How a figure was spread over the reports that have it. */
export function spreadOf(reports: readonly Report[], figure: keyof Figures): Spread | null {
  const values = reports.flatMap(({ figures }) => figures[figure] ?? []);
  if (values.length === 0) return null;
  return {
    runs: values.length,
    median: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    worst: Math.max(...values),
  };
}
