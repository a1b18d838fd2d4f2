/** Games on an engine that has none: no network, no files, no npm. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { createGames } from '../../src/games/index.ts';
import { createSimulatedEngine, SIMULATED_DEFAULTS } from '../../src/nodes/index.ts';
import { container, games, target, thrownBy } from './helpers/targets.ts';

/** Time that never passes: what is asked for later happens at once. */
const ports = {
  clock: {
    now: () => 0,
    schedule(_delayMs: number, run: () => void) {
      const soon = setImmediate(run);
      return () => clearImmediate(soon);
    },
  },
  random: () => 0.5,
};
const engine = createSimulatedEngine(ports, { ...SIMULATED_DEFAULTS, nodeId: 'games-test', images: ['any:1'] });
const soon = () => AbortSignal.timeout(5000);

test('a simulated game answers probes and console by its engine', async (t) => {
  const made = await engine.createContainer({
    serverId: 'one',
    nodeId: 'games-test',
    epoch: 1,
    image: 'any:1',
    env: {},
    ports: [],
    publishAddress: '127.0.0.1',
    dataDir: '/nowhere',
    dataPath: '/data',
    ramMb: 64,
    cpu: 0,
    pidsLimit: 16,
    capabilities: [],
    user: '',
    stdin: true,
    stopSignal: 'SIGTERM',
  });
  const game = { ...target({}, { engine }), container: container({ id: made.id, address: null }) };
  t.like(await thrownBy(() => games.probe(game, soon())), { code: 'not_ready', retry: 'transient' });
  await engine.startContainer(made.id);
  while (engine.simulated.status(made.id) === null) await new Promise(setImmediate);
  engine.controls.setPlayers(made.id, 3);
  t.is((await games.probe(game, soon())).players, 3);
  t.is(await games.console(game, 'list', soon()), engine.simulated.console(made.id, 'list'));
});

test('an image is loaded into a simulated engine without installing anything', async (t) => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'baton-simulated-'));
  t.teardown(() => rm(cacheDir, { recursive: true }));
  const own = await createGames({ cacheDir });
  const said: string[] = [];
  t.true(await own.buildImage(own.template('flying-squid'), engine, (line) => said.push(line), soon()));
  t.true(await engine.hasImage('baton/flying-squid:1.12.0'));
  t.deepEqual(said, ['loading baton/flying-squid:1.12.0 into the engine']);
  t.deepEqual(await readdir(cacheDir), []);
});
