/** Building an image: once, whole or not at all, and again when the recipe has changed. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import test from 'ava';
import { pack } from 'tar-stream';
import type { Engine } from '../../src/conductor/interfaces/engine.ts';
import { ensureImage, RECIPE_LABEL } from '../../src/games/images/build.ts';
import { installedTree } from '../../src/games/images/install.ts';
import { withLock } from '../../src/games/images/lock.ts';
import { recipe, treeHash } from '../../src/games/images/recipes.ts';
import { createDockerEngine } from '../../src/nodes/index.ts';
import { imageId, removeImage } from './helpers/docker.ts';
import { CACHE_DIR, games, thrownBy } from './helpers/targets.ts';

const engine = createDockerEngine({ nodeId: `games-test-${process.pid}` });
const quietly = () => {};
const minutes = () => AbortSignal.timeout(300_000);
const squid = recipe('flying-squid');
let made = 0;

/** An image of its own for each test. */
function imageOf(t: { teardown(work: () => Promise<void>): void }, cacheDir = CACHE_DIR) {
  const image = `baton-test/games-${process.pid}-${++made}:1`;
  t.teardown(() => removeImage(image));
  return { recipe: 'flying-squid', image, cacheDir };
}

test.before('the packages are there', async (t) => {
  t.timeout(300_000);
  await installedTree(squid, CACHE_DIR, quietly, minutes());
});

test('many who want the image at once get one build, and a later one finds it', async (t) => {
  const build = imageOf(t);
  const all = await Promise.all([1, 2, 3].map(() => ensureImage(build, engine, quietly, minutes())));
  t.is(all.filter((bytes) => bytes !== null).length, 1);
  t.is(await ensureImage(build, engine, quietly, minutes()), null);
});

test('an image of an older recipe is built again', async (t) => {
  const build = imageOf(t);
  const old = { entrypoint: [], cmd: ['/old'], env: {}, user: '', exposedPorts: [], labels: { [RECIPE_LABEL]: 'old' } };
  const files = pack();
  files.entry({ name: 'old' }, 'old');
  files.finalize();
  await engine.loadImage(build.image, files.pipe(new PassThrough()), old, minutes());
  const oldId = await imageId(build.image);
  t.teardown(() => removeImage(oldId));
  t.true((await ensureImage(build, engine, quietly, minutes())) !== null);
  t.not((await engine.imageLabels(build.image))?.[RECIPE_LABEL], 'old');
});

test('a build that is aborted half-way leaves no image, and the next one is whole', async (t) => {
  const build = imageOf(t);
  const stop = new AbortController();
  // The engine has begun to read when the first bytes leave.
  const half: Pick<Engine, 'kind' | 'imageLabels' | 'loadImage'> = {
    ...engine,
    loadImage(image, rootfs, config, signal) {
      rootfs.once('data', () => stop.abort(new Error('enough')));
      return engine.loadImage(image, rootfs, config, signal);
    },
  };
  t.is((await thrownBy(() => ensureImage(build, half, quietly, stop.signal))).message, 'enough');
  t.is(await engine.imageLabels(build.image), null);
  t.true((await ensureImage(build, engine, quietly, minutes())) !== null);
});

test('files that cannot be read fail the build at once', async (t) => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'baton-images-'));
  t.teardown(() => rm(cacheDir, { recursive: true }));
  await mkdir(join(cacheDir, `flying-squid-${await treeHash(squid)}`));
  const build = imageOf(t, cacheDir);
  const { code, retry, message } = await thrownBy(() => ensureImage(build, engine, quietly, minutes()));
  t.is(code, 'image_build_failed');
  t.is(retry, 'permanent');
  t.regex(message, /ENOENT.*node_modules/);
  t.is(await engine.imageLabels(build.image), null);
});

test('an npm that cannot reach its registry is told in a sentence, and leaves no packages', async (t) => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'baton-images-'));
  t.teardown(() => rm(cacheDir, { recursive: true }));
  const before = { ...process.env };
  // Port 9 of loopback is nobody's; an empty cache has nothing.
  Object.assign(process.env, {
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_cache: join(cacheDir, 'npm'),
    npm_config_fetch_retries: '0',
  });
  try {
    const { code, message } = await thrownBy(() => installedTree(squid, cacheDir, quietly, minutes()));
    t.is(code, 'image_build_failed');
    t.regex(message, /npm could not reach its registry/);
  } finally {
    process.env = before;
  }
  t.deepEqual(
    (await readdir(cacheDir)).filter((name) => name.startsWith('flying-squid-')),
    [],
  );
});

test('who waits for a lock leaves when the signal says so', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-lock-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const stop = new AbortController();
  await withLock(folder, 'one', minutes(), async () => {
    const waiting = thrownBy(() => withLock(folder, 'one', stop.signal, async () => {}));
    stop.abort();
    t.truthy(await waiting);
  });
  t.is(await withLock(folder, 'one', minutes(), async () => 'free again'), 'free again');
});

test('a template without a recipe has nothing to build', async (t) => {
  t.false(await games.buildImage(games.template('luanti'), engine, quietly, minutes()));
});
