/** The whole way with a real game: the image is built if it is missing, run hardened, probed, joined, stopped. */
import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { GameTarget } from '../../src/conductor/interfaces/games.ts';
import { installedTree } from '../../src/games/images/install.ts';
import { recipe } from '../../src/games/images/recipes.ts';
import { type Visit, visit } from '../../src/games/index.ts';
import { createDockerEngine } from '../../src/nodes/index.ts';
import { atMost } from '../nodes/helpers/gate.ts';
import { CACHE_DIR, games, thrownBy } from './helpers/targets.ts';

const test = atMost(2, anyTest as TestFn);

const template = games.template('flying-squid');
const nodeId = `games-test-${process.pid}`;
const engine = createDockerEngine({ nodeId });
const soon = () => AbortSignal.timeout(30_000);

anyTest.before('the image is there', async (t) => {
  t.timeout(300_000);
  t.true(await games.buildImage(template, engine, (line) => t.log(line), AbortSignal.timeout(300_000)));
});

anyTest.after.always('nothing is left', async () => {
  for (const { id } of await engine.inventory()) await engine.removeContainer(id);
});

/** A data directory for one world, owned by the game's user. */
async function world(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-games-'));
  await chown(folder, 1000, 1000);
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a server as Baton would and waits until it is ready. */
async function started(t: ExecutionContext, dataDir: string, epoch = 1): Promise<GameTarget> {
  const env = games.resolveEnv(template, { MOTD: 'Tests' });
  const ports = [{ name: 'game', container: 25565, host: 0 }];
  const { id } = await engine.createContainer({
    serverId: `games-test-${process.pid}-${dataDir.slice(-6)}`,
    nodeId,
    epoch,
    image: `${template.image}:${template.imageTag}`,
    env: games.containerEnv(template, env, { ramMb: template.ramMb.min, ports }),
    ports: [],
    publishAddress: '127.0.0.1',
    dataDir,
    dataPath: template.dataPath,
    ramMb: template.ramMb.min,
    cpu: 0,
    pidsLimit: template.pidsLimit,
    capabilities: template.capabilities,
    user: template.user,
    stdin: template.console.kind === 'stdin',
    stopSignal: template.stop.signal,
  });
  t.teardown(() => engine.removeContainer(id));
  await engine.startContainer(id);
  const container = await engine.inspectContainer(id);
  if (!container) throw new Error('the container is gone');
  const game = { template, engine, container, env, containerPorts: { game: 25565 }, hostPorts: {} };
  await until(() => games.probe(game, soon()));
  return game;
}

/** Tries again until it succeeds or its time is over. */
async function until<T>(attempt: () => Promise<T>, deadline = soon()): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (deadline.aborted) throw error;
    }
    await delay(50, undefined, { signal: deadline });
  }
}

const logOf = ({ container }: GameTarget) => engine.logTail(container.id, 200);

/** Waits until the log says so. */
const logged = (game: GameTarget, line: RegExp) =>
  until(async () => {
    const found = (await logOf(game)).find((candidate) => line.test(candidate));
    if (!found) throw new Error(`the log does not show ${line}`);
    return found;
  });

async function stopped({ container }: GameTarget): Promise<number | null> {
  const ended = await engine.stopContainer(container.id, template.stop.graceSeconds * 1000);
  return ended?.exitCode ?? null;
}

const seedOf = (log: readonly string[]) => /World seed: (-?\d+)/.exec(log.join('\n'))?.[1];

const PLACE = { x: 3, y: 90, z: 3 };

/** The name of the block at that place, as the region file has it. */
async function blockOnDisk(dataDir: string): Promise<string> {
  const tree = await installedTree(recipe('flying-squid'), CACHE_DIR, () => {}, soon());
  const require = createRequire(join(tree, 'package.json'));
  const { Anvil } = require('prismarine-provider-anvil');
  const regions = new (Anvil(require('prismarine-registry')('1.16.5')))(join(dataDir, 'world/region'));
  const chunk = await regions.load(0, 0);
  await regions.close();
  return chunk.getBlock(PLACE).name;
}

const joining = (
  game: GameTarget,
  name: string,
  { signal = soon(), ...more }: Partial<Visit> & { signal?: AbortSignal } = {},
) => visit({ host: game.container.address ?? '', port: 25565, name, seconds: 0, ...more }, CACHE_DIR, signal);

test('a server answers probes with the players that are there', async (t) => {
  const game = await started(t, await world(t));
  t.like(await games.probe(game, soon()), { players: 0, playersMax: 10, version: '1.16.5' });
  const spawned = Promise.withResolvers<void>();
  const playing = joining(game, 'Alex', { seconds: 8, onSpawn: () => spawned.resolve() });
  await spawned.promise;
  t.is((await games.probe(game, soon())).players, 1);
  await playing;
});

test('a player joins, talks, hears the console, and is told why it is thrown out', async (t) => {
  const game = await started(t, await world(t));
  const [spawned, spoken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const onSpawn = () => spawned.resolve();
  const onHeard = (line: string) => line === '[Server] the server speaks' && spoken.resolve();
  const playing = thrownBy(() => joining(game, 'Alex', { seconds: 60, say: 'hello', onSpawn, onHeard }));
  await spawned.promise;
  await logged(game, /<Alex> hello/);
  t.regex(await games.console(game, 'say the server speaks', soon()), /the server speaks/);
  await spoken.promise;
  await games.console(game, 'list', soon());
  await logged(game, /There are 1 of a max of 10 players online: Alex/);
  await games.console(game, 'kick Alex be nice', soon());
  t.is((await playing).message, 'Alex was kicked: be nice');
});

test('SIGTERM saves the world and ends with 0 while a player is there, and the world is the same afterwards', async (t) => {
  const dataDir = await world(t);
  const first = await started(t, dataDir);
  const spawned = Promise.withResolvers<void>();
  const playing = thrownBy(() => joining(first, 'Alex', { seconds: 60, onSpawn: () => spawned.resolve() }));
  await spawned.promise;
  await games.console(first, `setblock ${Object.values(PLACE).join(' ')} bedrock`, soon());
  await games.console(first, 'list', soon());
  await logged(first, /players online: Alex/);
  const seed = seedOf(await logOf(first));
  t.truthy(seed);
  t.is(await stopped(first), 0);
  t.regex((await playing).message, /Server closed|closed the connection/);
  for (const mark of template.worldMarks) await t.notThrowsAsync(stat(join(dataDir, mark)));
  t.true((await readdir(join(dataDir, 'world/region'))).includes('r.0.0.mca'));
  t.is((await readdir(join(dataDir, 'world/playerdata'))).length, 1);

  t.is(await blockOnDisk(dataDir), 'bedrock');

  const second = await started(t, dataDir, 2);
  t.is(seedOf(await logOf(second)), seed);
  await joining(second, 'Steve');
  t.is(await stopped(second), 0);
  t.is(await blockOnDisk(dataDir), 'bedrock');
});

test('`stop` on the console ends the server cleanly, a wrong command does not end it', async (t) => {
  const game = await started(t, await world(t));
  await games.console(game, 'selector @x', soon());
  await logged(game, /ERROR/);
  await games.console(game, 'save-all', soon());
  await logged(game, /Saved the game/);
  await games.console(game, 'stop', soon());
  const ended = await until(async () => {
    const info = await engine.inspectContainer(game.container.id);
    if (info?.state !== 'exited') throw new Error('it still runs');
    return info;
  });
  t.is(ended.exitCode, 0);
  t.like(await thrownBy(() => games.probe(game, soon())), { code: 'not_ready' });
});

test('a log line tells readiness', async (t) => {
  const game = await started(t, await world(t));
  const by = (pattern: string): GameTarget => ({
    ...game,
    template: { ...template, readiness: { kind: 'log', pattern } },
  });
  t.like(await thrownBy(() => games.probe(by('no such line'), soon())), { code: 'not_ready', retry: 'transient' });
  t.is((await games.probe(by('Done! Minecraft 1\\.16\\.5'), soon())).players, null);
});

test('`npm run join` says in one line what happened, and fails with a sentence', async (t) => {
  const game = await started(t, await world(t));
  const join = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['src/games/join.ts', ...args], {
      env: { ...process.env, BATON_DATA_DIR: 'node_modules/.cache/baton' },
    });
  const { stdout } = await join(`${game.container.address}:25565`, '--name', 'Steve', '--seconds', '0');
  t.regex(stdout, /^joined as Steve, spawned at -?\d+(\.\d+)? \d+(\.\d+)? -?\d+(\.\d+)?\n/);
  await stopped(game);
  const failed = await thrownBy(() => join('127.0.0.1:1', '--name', 'Steve'));
  t.like(failed, { code: 1, stderr: '127.0.0.1:1 could not be joined: connect ECONNREFUSED 127.0.0.1:1\n' } as object);
});
