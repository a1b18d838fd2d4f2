/** One run: users at work, lives that end, a last one that must put everything in order. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import type { Baton } from './baton.ts';
import { violations } from './checks/index.ts';
import type { Client } from './client.ts';
import type { Evidence } from './evidence.ts';
import type { Died } from './lives.ts';
import { LOOK_MS, observe } from './observers.ts';
import { type Stage, type StageOptions, setStage } from './stage.ts';
import { withStories } from './stories.ts';
import { use } from './users.ts';

export interface RunOptions extends StageOptions {
  /** Leave the data directory of a run with violations. */
  readonly keep: boolean;
}

export interface RunReport {
  readonly seed: number;
  readonly engine: EngineKind;
  readonly died: readonly Died[];
  /** Commands that were sent, and attempts at them that got no answer. */
  readonly commands: number;
  readonly lost: number;
  /** By `command status`, with the error's code for those that failed. */
  readonly operations: Readonly<Record<string, number>>;
  readonly turns: number;
  readonly violations: readonly string[];
  /** From the last start until all was quiet. */
  readonly quietMs: number;
  readonly ms: number;
  /** Where the data directory of a run with violations is. */
  readonly kept: string | null;
}

const USERS = 3;

/** @throws the signal's reason, and what is no fault of Baton's */
export async function crashRun({ keep, ...options }: RunOptions): Promise<RunReport> {
  const began = performance.now();
  const stage = await setStage(options);
  let keepData = false;
  try {
    const { found, evidence, quietMs } = await perform(stage);
    keepData = keep && found.length > 0;
    return {
      seed: options.seed,
      engine: options.engine,
      died: stage.lives.died,
      commands: stage.client.asked.length,
      lost: stage.client.asked.reduce((sum, { lost }) => sum + lost, 0),
      operations: outcomes(evidence),
      turns: evidence?.journal.length ?? 0,
      violations: found,
      quietMs: Math.round(quietMs),
      ms: Math.round(performance.now() - began),
      kept: keepData ? stage.dataDir : null,
    };
  } finally {
    await stage.clear(keepData);
  }
}

interface Judgement {
  readonly found: readonly string[];
  readonly evidence: Evidence | null;
  readonly quietMs: number;
}

async function perform(stage: Stage): Promise<Judgement> {
  const { lives, client, village } = stage;
  let enough = false;
  const users = Promise.all(Array.from({ length: USERS }, () => use(village, stage.chance.users.fork(), () => enough)));
  const observers = observe(client, stage.machine);
  /** Whatever we wait for: a user or observer who cannot go on ends the run. */
  const meanwhile = <T>(work: Promise<T>): Promise<T> => Promise.race([work, observers.failed, users.then(() => work)]);

  const last = await meanwhile(playLives(stage));
  const lastAt = performance.now();
  enough = true;
  if (last === null) return { found: [...lives.faults, ...client.defects], evidence: null, quietMs: 0 };
  const deadline = lastAt + stage.quietMs;
  await meanwhile(users);
  await meanwhile(operationsEnd(client, deadline));
  await meanwhile(observers.enough());
  const { evidence, found } = await untilQuiet(stage, observers.followed, deadline);
  const quietMs = performance.now() - lastAt;
  const end = await ended(last);
  return { found: [...lives.faults, ...client.defects, ...observers.seen, ...found, ...end], evidence, quietMs };
}

async function playLives({ lives, planned, machine, chance }: Stage): Promise<Baton | null> {
  for (const life of planned) {
    await lives.live(life);
    if (life.mishap !== null) await machine.disturb(life.mishap, chance.mishaps);
  }
  return lives.last();
}

const Running = z.object({ items: z.array(z.object({ id: z.string() })) });

/** Waits until no operation runs, or the time is up; the checks say what then still does. */
async function operationsEnd(client: Client, deadline: number): Promise<void> {
  while (performance.now() < deadline) {
    const { body } = await client.ask({ method: 'GET', path: '/api/operations?status=running' });
    const [first] = Running.parse(body).items;
    if (first === undefined) return;
    await client.ask({ method: 'GET', path: `/api/operations/${first.id}`, waitSeconds: 10 });
  }
}

/** Looks until nothing is wrong any more, or the time is up. What must never be wrong does not become right by waiting. */
async function untilQuiet(stage: Stage, followed: readonly number[], deadline: number) {
  const used = stage.village.known.filter((one) => one.used).map(({ id }) => id);
  for (;;) {
    const evidence = await stage.gather(followed);
    const found = violations(evidence, used);
    if (found.length === 0 || performance.now() > deadline) return { evidence, found: withStories(found, evidence) };
    await pause(LOOK_MS);
  }
}

/** The last life ends when it is told to, in order. */
async function ended(last: Baton): Promise<readonly string[]> {
  const alive = last.alive();
  last.stop();
  const { code, signal, overdue } = await last.exited;
  if (alive && code === 0) return [];
  const how = overdue ? 'not in time' : (signal ?? `code ${code}`);
  return [`the last life ended ${alive ? '' : 'by itself '}(${how}):\n${last.log().slice(-4).join('\n')}`];
}

function outcomes(evidence: Evidence | null): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { command, status, error } of evidence?.operations ?? []) {
    const { code } = (error ?? {}) as { code?: string };
    const name = `${command} ${status}${code === undefined ? '' : ` (${code})`}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
