/** Games to probe: anything that listens on loopback, dressed as a container. */
import { join } from 'node:path';
import type { ContainerInfo, Engine } from '../../../src/conductor/interfaces/engine.ts';
import type { GameTarget, Template } from '../../../src/conductor/interfaces/games.ts';
import { createGames } from '../../../src/games/index.ts';
import { createDockerEngine } from '../../../src/nodes/index.ts';

/** Packages of images outlive a test run: installing them takes longer than all tests. */
export const CACHE_DIR = join(import.meta.dirname, '../../../node_modules/.cache/baton/cache/images');

export const games = await createGames({ cacheDir: CACHE_DIR });

export function container(facts: Partial<ContainerInfo> = {}): ContainerInfo {
  return {
    id: 'none',
    name: 'none',
    serverId: 'none',
    epoch: 1,
    nodeId: 'games-test',
    image: 'none',
    state: 'running',
    exitCode: null,
    oomKilled: false,
    startedAt: 1,
    finishedAt: null,
    address: '127.0.0.1',
    ...facts,
  };
}

/** A target on loopback whose template differs from a real one in some parts. */
export function target(
  template: Partial<Template>,
  { port = 0, env = {}, engine = createDockerEngine({ nodeId: 'games-test' }) as Engine } = {},
): GameTarget {
  return {
    template: { ...games.template('minecraft-java'), ...template },
    engine,
    container: container(),
    env,
    containerPorts: { game: port },
    hostPorts: {},
  };
}

/** What a call threw, as far as tests look at it. */
export interface Thrown {
  readonly code?: string;
  readonly retry?: string;
  readonly message: string;
  readonly details?: { readonly issues?: readonly { readonly path: string; readonly message: string }[] };
}

/** The error of a call that must fail. */
export async function thrownBy(run: () => unknown): Promise<Thrown> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
