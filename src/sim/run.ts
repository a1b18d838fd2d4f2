/** One run: the world of a seed, faults for a while, then healing, and everything that must hold all the time. */
import type { TurnCommit } from '../actors/store.ts';
import type { Games } from '../conductor/interfaces/games.ts';
import { buildWorld } from './build.ts';
import { createCoverage } from './coverage.ts';
import type { Defect } from './defects/index.ts';
import { FAULTS } from './faults/index.ts';
import { scheduleFaults } from './faults/schedule.ts';
import { INVARIANTS } from './invariants/index.ts';
import { unrest } from './invariants/rest.ts';
import { seededRandom } from './random.ts';
import { setUpFleet } from './set-up.ts';
import type { Scenario } from './settings.ts';
import { createTime } from './time.ts';
import { createTrace } from './trace.ts';
import type { Invariant, World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  readonly games: Games;
  readonly scenario: Scenario;
  readonly defect?: Defect | undefined;
  /** Hears each line of the trace. */
  readonly onLine?: (line: string) => void;
}

export interface Found {
  readonly invariant: string;
  readonly text: string;
  /** Milliseconds since the run's beginning. */
  readonly atMs: number;
}

/** Plain values, so that one thread can give it to another. */
export interface RunResult {
  readonly seed: number;
  /** The same for the same seed. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly turns: number;
  readonly faults: ReadonlyMap<string, number>;
  /** `server/running.healthy` */
  readonly states: ReadonlySet<string>;
  /** `server/stopped start starting.placing` */
  readonly transitions: ReadonlySet<string>;
  readonly violations: readonly Found[];
}

const SECOND_MS = 1_000;
/** It must stay at rest for so long, since things that are looked at now and then may find something. */
const AT_REST_MS = 30_000;

export async function run({ seed, games, scenario, defect, onLine }: RunOptions): Promise<RunResult> {
  const time = createTime();
  const trace = createTrace(time, onLine);
  const coverage = createCoverage();
  const violations: Found[] = [];
  let watchers: readonly Invariant[] = [];
  const violation = (invariant: string, text: string): void => {
    violations.push({ invariant, text, atMs: time.now() });
    trace.say(`VIOLATION of ${invariant}: ${text}`);
  };
  const onDefect = (error: unknown): void =>
    violation('defect', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on('unhandledRejection', onDefect);
  try {
    const world = await buildWorld({
      time,
      random: seededRandom(seed),
      trace,
      games,
      scenario,
      seams: defect?.seams ?? {},
      violation,
      onCommit(turns, results) {
        for (const [index, turn] of turns.entries()) {
          if (results[index]?.ok !== true) continue;
          coverage.note(turn);
          trace.say(`${turn.address} ${turn.seq} ${turn.event}: ${turn.from} → ${turn.to}${whyOf(turn)}`);
        }
        for (const each of watchers) each.onCommit?.(turns, results);
      },
      onContainers() {
        for (const each of watchers) each.onContainers?.();
      },
      onWrite(machine, spec) {
        for (const each of watchers) each.onWrite?.(machine, spec);
      },
    });
    watchers = Object.entries(INVARIANTS).map(([name, make]) => make(world, (text) => violation(name, text)));
    const failed = (): boolean => violations.length > 0;
    world.host.start('baton');
    everySecond(world, () => {
      for (const each of watchers) each.onSecond?.();
    });
    await setUpFleet(world, failed);
    world.users.begin();
    const faults = scheduleFaults(world, FAULTS, scenario);
    await time.run(() => failed() || time.now() >= scenario.faultsMs);
    if (!failed()) await heal(world, faults.heal, scenario, failed);
    if (!failed()) for (const each of watchers) each.atEnd?.();
    return {
      seed,
      hash: trace.hash(),
      virtualMs: time.now(),
      events: time.events(),
      faults: faults.counts,
      violations,
      turns: coverage.turns,
      states: coverage.states,
      transitions: coverage.transitions,
    };
  } finally {
    process.off('unhandledRejection', onDefect);
  }
}

/** What a turn says that went wrong. */
function whyOf({ event, snapshot, operationsEnded }: TurnCommit): string {
  const ended = operationsEnded
    .map(({ outcome, error }) => ` [${outcome}${error === null ? '' : ` ${error.code}`}]`)
    .join('');
  if (!event.endsWith(' failed')) return ended;
  const { context } = JSON.parse(snapshot) as { context?: { lastError?: { message?: string } | null } };
  return `${ended} ${context?.lastError?.message ?? ''}`;
}

/** Ends all faults and wishes, and waits until everything has come to rest, or should have. */
async function heal(world: World, end: () => void, scenario: Scenario, failed: () => boolean): Promise<void> {
  const { time, trace } = world;
  trace.say('healing');
  end();
  world.users.rest();
  const until = time.now() + scenario.healingMs;
  let restSince: number | null = null;
  everySecond(world, () => {
    if (unrest(world).length > 0) restSince = null;
    else restSince ??= time.now();
  });
  await time.run(() => failed() || time.now() >= until || (restSince !== null && time.now() - restSince >= AT_REST_MS));
}

function everySecond({ time }: World, act: () => void): void {
  const again = (): void => {
    act();
    time.after(SECOND_MS, again);
  };
  time.after(SECOND_MS, again);
}
