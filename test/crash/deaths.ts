/** How the lives of one run end. Chosen by the run's seed alone, so that a run can be had again. */
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import type { Mishap } from './machine.ts';
import { faultAt, type Point, pointsOf } from './points.ts';
import type { Random } from './random.ts';

export type Death =
  /** By itself, at a named point; from outside if it does not get there in time. */
  | { readonly type: 'fault'; readonly fault: string }
  /** SIGKILL from outside, so long after the process was started or the door was open. */
  | { readonly type: 'kill'; readonly from: 'spawn' | 'ready'; readonly afterMs: number }
  /** SIGTERM: an orderly end, with everything under way. */
  | { readonly type: 'stop'; readonly afterMs: number };

export interface Life {
  readonly death: Death;
  /** SIGKILL of the database server so long after the door was open; null for none. */
  readonly databaseKillMs: number | null;
  /** What happens to some container before the next life; null for nothing. */
  readonly mishap: Mishap | null;
}

export interface Pace {
  /** From an open door to the latest SIGKILL that is chosen by chance. */
  readonly lifeMs: number;
  /** How long a named point is waited for from an open door; on a slow machine it takes a while to come past it. */
  readonly pointMs: number;
  /** From the start of the process until the door opens, about. */
  readonly startMs: number;
}

/** Faults of each run; the points follow each other from seed to seed, so that some runs in a row reach all of them. */
export const FAULTS_A_RUN = 4;

/** The lives of a run but the last, which is left alive. */
export function livesOf(seed: number, random: Random, engine: EngineKind, pace: Pace): readonly Life[] {
  const points = pointsOf(engine);
  const own = Array.from({ length: FAULTS_A_RUN }, (_, index) => points[(seed * FAULTS_A_RUN + index) % points.length]);
  const fault = (point: Point | undefined): Death[] =>
    point === undefined ? [] : [{ type: 'fault', fault: faultAt(point, random) }];
  const deaths: Death[] = own.filter((point) => !point?.first).flatMap(fault);
  deaths.push({ type: 'kill', from: 'ready', afterMs: random.int(0, pace.lifeMs) });
  if (random.chance(0.4)) deaths.push({ type: 'kill', from: 'spawn', afterMs: random.int(0, pace.startMs) });
  if (random.chance(0.2)) deaths.push({ type: 'stop', afterMs: random.int(0, pace.lifeMs) });
  return [...own.filter((point) => point?.first).flatMap(fault), ...shuffled(deaths, random)].map((death) => ({
    death,
    databaseKillMs: random.chance(0.15) ? random.int(0, pace.lifeMs) : null,
    mishap: random.chance(0.15) ? random.pick(['removed', 'crashed', 'stopped'] as const) : null,
  }));
}

function shuffled<T>(list: readonly T[], random: Random): readonly T[] {
  return list
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
