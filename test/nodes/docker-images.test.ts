import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import anyTest, { type TestFn } from 'ava';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import type { PullProgress } from '../../src/conductor/interfaces/engine.ts';
import { createDockerEngine, detectDocker } from '../../src/nodes/index.ts';
import { openRegistry, type Registry } from './helpers/registry.ts';
import { freePort } from './helpers/waiting.ts';

const test = anyTest as TestFn;
const run = randomBytes(4).toString('hex');
const engine = createDockerEngine({ nodeId: `test-${run}` });
const names: string[] = [];
let registry: Registry;

test.before('there is an engine and a registry', async () => {
  const found = await detectDocker();
  if (!found.available) throw new Error(`These tests need a Docker engine. ${found.reason}`);
  registry = await openRegistry(run);
});
test.after.always('nothing is left behind', async () => {
  for (const name of names) await new Docker().getImage(name).remove({ force: true });
  await registry?.close();
});

const minute = () => AbortSignal.timeout(60_000);
const config = { entrypoint: [], cmd: ['x'], env: {}, user: '', exposedPorts: [], labels: {} };

test('a pull brings the image and tells how far it is, never falling', async (t) => {
  const image = `${registry.address}/game:1`;
  const told: PullProgress[] = [];
  t.false(await engine.hasImage(image));
  await engine.pullImage(image, (progress) => told.push(progress), minute());
  names.push(image);
  t.true(await engine.hasImage(image));
  const fractions = told.flatMap(({ fraction }) => fraction ?? []);
  t.is(fractions.at(-1), 1);
  t.deepEqual(
    fractions,
    fractions.toSorted((a, b) => a - b),
  );
});

test('an image that the registry does not have is a permanent error that names it', async (t) => {
  const image = `${registry.address}/game:nowhere`;
  const error = await t.throwsAsync(
    engine.pullImage(image, () => undefined, minute()),
    { code: 'image_not_found' },
  );
  t.true(error?.message.includes(image));
  t.like(error, { retry: 'permanent' });
});

test('a name that can be no image is a permanent error', async (t) => {
  await t.throwsAsync(
    engine.pullImage('Not/Valid:1', () => undefined, minute()),
    { code: 'image_not_found' },
  );
});

test('a registry that cannot be reached is a transient error that names the image', async (t) => {
  const image = `127.0.0.1:${await freePort()}/game:1`;
  const error = await t.throwsAsync(
    engine.pullImage(image, () => undefined, minute()),
    {
      code: 'registry_unavailable',
    },
  );
  t.true(error?.message.includes(image));
  t.like(error, { retry: 'transient' });
});

test('a pull that gets stuck ends with its signal', async (t) => {
  const deadline = new AbortController();
  const reason = new Error('deadline');
  const pull = engine.pullImage(`${registry.address}/game:stuck`, () => undefined, deadline.signal);
  await registry.stuck;
  deadline.abort(reason);
  t.is(await t.throwsAsync(pull), reason);
  t.false(await engine.hasImage(`${registry.address}/game:stuck`));
});

test('an image that is loaded anew takes the place of the former one', async (t) => {
  const image = `baton-test/anew-${run}:1`;
  const docker = new Docker();
  const load = async (version: string) => {
    const rootfs = pack();
    rootfs.entry({ name: 'version' }, version);
    rootfs.finalize();
    await engine.loadImage(image, Readable.from(rootfs), { ...config, labels: { version } }, minute());
    return (await docker.getImage(image).inspect()).Id;
  };
  const first = await load('1');
  names.push(image);
  await load('2');
  t.deepEqual(await engine.imageLabels(image), { version: '2' });
  t.is(await engine.imageLabels(first), null, 'nothing is left of the first');
});

test('an image whose root filesystem breaks off leaves nothing under its name', async (t) => {
  const image = `baton-test/broken-${run}:1`;
  const broken = Readable.from(
    (async function* () {
      yield Buffer.alloc(512, 'x');
      throw new Error('the disk is gone');
    })(),
  );
  await t.throwsAsync(engine.loadImage(image, broken, config, minute()));
  t.false(await engine.hasImage(image));
});

test('a root filesystem that is no tar is refused', async (t) => {
  const image = `baton-test/nonsense-${run}:1`;
  await t.throwsAsync(engine.loadImage(image, Readable.from([Buffer.alloc(2048, 'x')]), config, minute()));
  t.false(await engine.hasImage(image));
});
