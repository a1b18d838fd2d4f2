/** What a run needs before it begins: a data directory, lives to be played, users who wait for the first door to open. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import { type Client, createClient } from './client.ts';
import { type Life, livesOf } from './deaths.ts';
import { type Evidence, gather, MARK } from './evidence.ts';
import { createLives, type Lives } from './lives.ts';
import { type Machine, machineOf, worldsDir } from './machine.ts';
import { type Random, seeded } from './random.ts';
import { settingsOf, TEMPERS, TOKEN } from './settings.ts';
import { copyTemplate } from './template.ts';
import type { Village } from './users.ts';

export interface StageOptions {
  readonly seed: number;
  readonly engine: EngineKind;
  /** The template's directory, and the one that the run's data directory is made in. */
  readonly template: string;
  readonly directory: string;
  /** See `compileInto`. */
  readonly compiled: string;
  readonly signal: AbortSignal;
}

export interface Stage {
  readonly dataDir: string;
  /** Streams of chance that do not disturb each other: for the users, and for what happens to containers. */
  readonly chance: { readonly users: Random; readonly mishaps: Random };
  readonly planned: readonly Life[];
  readonly lives: Lives;
  readonly machine: Machine;
  readonly client: Client;
  readonly village: Village;
  /** By when everything must be quiet after the last start, ms. */
  readonly quietMs: number;
  gather(followed: readonly number[]): Promise<Evidence>;
  /** Ends what lives, and takes away everything but, if asked to, the data directory. */
  clear(keepData: boolean): Promise<void>;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  const { seed, engine, compiled } = options;
  const { pace, habits, quietMs } = TEMPERS[engine];
  const random = seeded(seed);
  const settings = await settingsOf(engine, random.fork());
  const planned = livesOf(seed, random.fork(), engine, pace);
  const chance = { users: random.fork(), mishaps: random.fork() };
  const dataDir = join(options.directory, `run-${engine}-${seed}`);
  await copyTemplate(options.template, dataDir);
  const machine = machineOf(dataDir, engine);
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const lives = createLives({ dataDir, settings, compiled }, pace, signal);
  const client = createClient(TOKEN, lives.address, signal);
  const village: Village = {
    client,
    habits,
    known: [],
    creations: 0,
    moveIn: (id) => leaveMark(join(worldsDir(dataDir, engine), id, 'data', MARK), id),
  };
  return {
    dataDir,
    chance,
    planned,
    lives,
    machine,
    client,
    village,
    quietMs,
    gather: (followed) =>
      gather(dataDir, engine, machine, { asked: client.asked, followed, portRange: rangeOf(settings) }),
    async clear(keepData) {
      over.abort(new Error('The run is over.'));
      await lives.over();
      await machine.clean();
      if (!keepData) await rm(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** False when the world is gone already: another user has purged the server in the same moment. */
async function leaveMark(path: string, id: string): Promise<boolean> {
  try {
    await writeFile(path, id);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

const rangeOf = ({ BATON_PORT_RANGE = '' }: Readonly<Record<string, string>>) => {
  const [first = 0, last = 0] = BATON_PORT_RANGE.split('-').map(Number);
  return { first, last };
};
