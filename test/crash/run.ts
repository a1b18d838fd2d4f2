/** One run: users at work, lives that end, a last one that must put everything in order. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import type { Baton } from './baton.ts';
import { violations } from './checks/index.ts';
import { type Client, createClient } from './client.ts';
import { livesOf } from './deaths.ts';
import { type Evidence, gather, MARK } from './evidence.ts';
import { createLives, type Died } from './lives.ts';
import { type Machine, machineOf, twins, worldsDir } from './machine.ts';
import { seeded } from './random.ts';
import { settingsOf, TEMPERS, TOKEN } from './settings.ts';
import { copyTemplate } from './template.ts';
import { use, type Village } from './users.ts';

export interface RunOptions {
  readonly seed: number;
  readonly engine: EngineKind;
  /** The template's directory, and the one that the run's data directory is made in. */
  readonly template: string;
  readonly directory: string;
  /** See `compileInto`. */
  readonly compiled: string;
  /** Leave the data directory of a run with violations. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
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
const LOOK_MS = 150;

export async function crashRun(options: RunOptions): Promise<RunReport> {
  const { seed, engine, signal } = options;
  const { pace, habits, quietMs } = TEMPERS[engine];
  const began = performance.now();
  const random = seeded(seed);
  const settings = await settingsOf(engine, random.fork());
  const lives = livesOf(seed, random.fork(), engine, pace);
  const dataDir = join(options.directory, `run-${engine}-${seed}`);
  const machine = machineOf(dataDir, engine);
  const chance = random.fork();
  await copyTemplate(options.template, dataDir);
  const over = new AbortController();
  const play = createLives(
    { dataDir, settings, compiled: options.compiled },
    pace,
    AbortSignal.any([signal, over.signal]),
  );
  const client = createClient(TOKEN, play.address, AbortSignal.any([signal, over.signal]));
  const village: Village = {
    client,
    habits,
    known: [],
    creations: 0,
    moveIn: (id) => writeFile(join(worldsDir(dataDir, engine), id, 'data', MARK), id),
  };
  let enough = false;
  let quiet = false;
  let failed = true;
  try {
    const users = Promise.all(Array.from({ length: USERS }, () => use(village, random.fork(), () => enough)));
    const { followed, done } = follow(client, () => quiet);
    const watched = watch(machine, () => quiet);
    const playing = (async () => {
      for (const life of lives) {
        await play.live(life);
        if (life.mishap !== null) await machine.disturb(life.mishap, chance);
      }
      return play.last();
    })();
    // A user or reader who fails ends the run; otherwise it is the lives that say when it is over.
    const last = await Promise.race([playing, users.then(() => playing), done.then(() => playing)]);
    const lastAt = performance.now();
    enough = true;
    let found: readonly string[] = [];
    let evidence: Evidence | null = null;
    if (last !== null) {
      await users;
      await operationsEnd(client, lastAt + quietMs);
      quiet = true;
      await done;
      const look = async () =>
        gather(dataDir, engine, machine, { asked: client.asked, followed, portRange: rangeOf(settings) });
      const used = village.known.filter((one) => one.used).map(({ id }) => id);
      ({ found, evidence } = await untilQuiet(look, used, lastAt + quietMs));
    }
    const settledMs = performance.now() - lastAt;
    quiet = true;
    found = [
      ...play.faults,
      ...client.defects,
      ...(await watched),
      ...found,
      ...(last === null ? [] : await ended(last)),
    ];
    failed = found.length > 0;
    return {
      seed,
      engine,
      died: play.died,
      commands: client.asked.length,
      lost: client.asked.reduce((sum, { lost }) => sum + lost, 0),
      operations: outcomes(evidence),
      turns: evidence?.journal.length ?? 0,
      violations: found,
      quietMs: Math.round(settledMs),
      ms: Math.round(performance.now() - began),
      kept: failed && options.keep ? dataDir : null,
    };
  } finally {
    over.abort(new Error('The run is over.'));
    await play.over();
    await machine.clean();
    if (!(failed && options.keep)) await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

const rangeOf = ({ BATON_PORT_RANGE = '' }: Readonly<Record<string, string>>) => {
  const [first = 0, last = 0] = BATON_PORT_RANGE.split('-').map(Number);
  return { first, last };
};

const Page = z.object({ items: z.array(z.object({ seq: z.number() })) });

/** Reads the event log as it grows, always from the last number that was seen. */
function follow(client: Client, quiet: () => boolean): { readonly followed: number[]; readonly done: Promise<void> } {
  const followed: number[] = [];
  const done = (async () => {
    for (;;) {
      const wasQuiet = quiet();
      const path = `/api/events?limit=200&since=${followed.at(-1) ?? 0}`;
      const { items } = Page.parse((await client.ask({ method: 'GET', path })).body);
      followed.push(...items.map(({ seq }) => seq));
      if (items.length === 0 && wasQuiet) return;
      if (items.length === 0) await pause(LOOK_MS);
    }
  })();
  return { followed, done };
}

/** Looks at the machine all the time. */
async function watch(machine: Machine, quiet: () => boolean): Promise<readonly string[]> {
  const found = new Set<string>();
  while (!quiet()) {
    for (const twin of twins(await machine.containers())) found.add(twin);
    await pause(LOOK_MS);
  }
  return [...found];
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
async function untilQuiet(look: () => Promise<Evidence>, used: readonly string[], deadline: number) {
  for (;;) {
    const evidence = await look();
    const found = violations(evidence, used);
    if (found.length === 0 || performance.now() > deadline) return { evidence, found };
    await pause(LOOK_MS);
  }
}

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
