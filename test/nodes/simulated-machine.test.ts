import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { ContainerSpec } from '../../src/conductor/interfaces/engine.ts';
import {
  createSimulatedEngine,
  createWorlds,
  errors,
  SIMULATED_DEFAULTS,
  type SimulatedSettings,
  saveWorldToDisk,
  simulatedDisk,
} from '../../src/nodes/index.ts';
import { fastPorts } from './helpers/simulated.ts';
import { baseSpec } from './helpers/spec.ts';
import { eventLog, eventually } from './helpers/waiting.ts';

const IMAGE = 'game:1';

function machine(settings: Partial<SimulatedSettings> = {}) {
  const ports = fastPorts();
  const engine = createSimulatedEngine(ports, { ...SIMULATED_DEFAULTS, nodeId: 'n', images: [IMAGE], ...settings });
  const spec = (changes: Partial<ContainerSpec> = {}) => ({
    ...baseSpec,
    serverId: 'server-1',
    nodeId: 'n',
    image: IMAGE,
    dataDir: '/nowhere',
    ...changes,
  });
  const running = async (changes?: Partial<ContainerSpec>) => {
    const { id } = await engine.createContainer(spec(changes));
    await engine.startContainer(id);
    return id;
  };
  const ready = (id: string) => eventually('the game is ready', () => engine.simulated.status(id));
  return { ports, engine, spec, running, ready };
}

test('a game answers after its boot time, and no longer once it ends', async (t) => {
  const { ports, engine, running, ready } = machine();
  const begun = ports.clock.now();
  const id = await running();
  t.is(engine.simulated.status(id), null);
  t.deepEqual(await ready(id), { players: 0 });
  t.true(ports.clock.now() - begun >= SIMULATED_DEFAULTS.bootMs, 'in virtual time');
  engine.controls.setPlayers(id, 3);
  t.deepEqual(engine.simulated.status(id), { players: 3 });
  engine.controls.crash(id, 1);
  t.is(engine.simulated.status(id), null);
  t.throws(() => engine.simulated.console(id, 'list'), { code: 'container_not_running' });
});

test('a game saves when it is stopped, and ends cleanly', async (t) => {
  const { engine, running, ready } = machine();
  const id = await running();
  await ready(id);
  t.like(await engine.stopContainer(id, 60_000), { state: 'exited', exitCode: 0 });
  t.deepEqual(await engine.logTail(id, 2), ['Stopping the server', 'Saved the world']);
});

test('a stop on the console ends the game as well', async (t) => {
  const { engine, running, ready } = machine();
  const id = await running();
  await ready(id);
  engine.simulated.console(id, 'stop');
  await eventually('the end', async () => (await engine.inspectContainer(id))?.exitCode === 0);
  t.pass();
});

test('a pull takes its time and tells how far it is', async (t) => {
  const { ports, engine, spec } = machine({ images: [], pullMs: 5_000 });
  await t.throwsAsync(engine.createContainer(spec()), { code: 'image_not_found' });
  const begun = ports.clock.now();
  const fractions: (number | null)[] = [];
  await engine.pullImage(IMAGE, ({ fraction }) => fractions.push(fraction), new AbortController().signal);
  t.is(ports.clock.now() - begun, 5_000);
  t.is(fractions.at(-1), 1);
  t.true(await engine.hasImage(IMAGE));
});

test('a pull ends with its signal', async (t) => {
  const { engine } = machine({ images: [] });
  const enough = new AbortController();
  const reason = new Error('enough');
  const pull = engine.pullImage(IMAGE, () => enough.abort(reason), enough.signal);
  t.is(await t.throwsAsync(pull), reason);
  t.false(await engine.hasImage(IMAGE));
});

test('an image that the registry does not have is a permanent error that names it', async (t) => {
  const { engine } = machine({ registryHas: (image) => image !== 'nowhere:1' });
  await t.throwsAsync(
    engine.pullImage('nowhere:1', () => undefined, new AbortController().signal),
    { code: 'image_not_found', message: /nowhere:1/ },
  );
});

test('a fault that is asked for happens once', async (t) => {
  const { engine, spec } = machine();
  engine.controls.failNext('createContainer', errors.engine_timeout({ call: 'create container', seconds: 20 }));
  await t.throwsAsync(engine.createContainer(spec()), { code: 'engine_timeout' });
  await t.notThrowsAsync(engine.createContainer(spec()));
});

test('an engine that is cut off answers nothing, its games go on, and its return is told', async (t) => {
  const { engine, running, ready } = machine();
  const events = eventLog();
  const over = new AbortController();
  let connections = 0;
  engine.watch(
    events.listener,
    () => {
      connections += 1;
    },
    over.signal,
  );
  const id = await running();
  await ready(id);
  engine.controls.disconnect();
  await t.throwsAsync(engine.inventory(), { code: 'engine_unavailable' });
  engine.controls.outOfMemory(id);
  engine.controls.reconnect();
  await eventually('the second connection', () => connections === 2);
  t.deepEqual(
    events.of(id).map((event) => event.type),
    ['created', 'started'],
    'what happened meanwhile is lost, as in reality',
  );
  t.like((await engine.inventory())[0], { id, state: 'exited', exitCode: 137, oomKilled: true });
  over.abort();
  await engine.removeContainer(id);
  t.is(events.of(id).length, 2, 'nothing is told to who has left');
});

test('on a disk the world of a simulated game is there to be seen', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'baton-simulated-'));
  try {
    const worlds = createWorlds(root, 'n');
    const { running, ready } = machine({ saveWorld: saveWorldToDisk });
    const id = await running({ dataDir: worlds.dataDir('server-1') });
    await ready(id);
    t.true((await worlds.look('server-1', [])).exists);
    t.regex(await readFile(join(worlds.dataDir('server-1'), 'level.dat'), 'utf8'), /server-1/);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('on a disk containers and images outlive us: what ran goes on, what had ended stays ended', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'baton-simulated-'));
  try {
    const disk = simulatedDisk(join(root, 'machine.json'));
    const before = machine({ disk });
    const up = await before.running();
    await before.ready(up);
    const over = await before.running({ serverId: 'server-2' });
    await before.engine.killContainer(over);
    const gone = await before.running({ serverId: 'server-3' });
    await before.engine.removeContainer(gone);
    const known = await before.engine.inventory();

    const after = machine({ disk, images: [] });
    t.deepEqual(await after.engine.inventory(), known);
    t.true(await after.engine.hasImage(IMAGE));
    t.deepEqual(await after.ready(up), { players: 0 });
    t.not((await after.engine.createContainer(after.spec({ serverId: 'server-4' }))).id, gone, 'no id is given twice');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

for (const by of ['engine', 'kernel'] as const) {
  test(`what the ${by} has frozen does nothing until it thaws, and then finds all of it overdue`, async (t) => {
    const { ports, engine, running, ready } = machine({ stopMs: 1_000 });
    const id = await running();
    await ready(id);
    engine.simulated.console(id, 'stop');
    engine.controls.freeze(id, by);
    t.is((await engine.inspectContainer(id))?.state, by === 'engine' ? 'paused' : 'running');
    t.like(engine.controls.running()[0], { id, frozen: by });
    await new Promise<void>((resolve) => ports.clock.schedule(10_000, resolve));
    t.is(engine.simulated.status(id), null);
    t.throws(() => engine.simulated.console(id, 'list'), { code: 'container_not_running' });
    t.is((await engine.inspectContainer(id))?.exitCode, null);
    engine.controls.thaw(id);
    t.like(await engine.inspectContainer(id), { state: 'exited', exitCode: 0 });
  });

  test(`what the ${by} has frozen can be killed, and nothing of it runs again`, async (t) => {
    const saved: string[] = [];
    const { engine, running, ready } = machine({ saveWorld: ({ serverId }) => void saved.push(serverId) });
    const id = await running();
    await ready(id);
    engine.controls.freeze(id, by);
    const before = saved.length;
    t.like(await engine.killContainer(id), { state: 'exited', exitCode: 137 });
    engine.controls.thaw(id);
    t.is(saved.length, before);
    t.deepEqual(engine.controls.running(), []);
  });
}

test('a stop wakes what the engine has paused, so that it takes the signal', async (t) => {
  const { engine, running, ready } = machine();
  const id = await running();
  await ready(id);
  engine.controls.freeze(id, 'engine');
  await t.throwsAsync(engine.startContainer(id), { code: 'engine_refused' });
  t.like(await engine.stopContainer(id, 60_000), { state: 'exited', exitCode: 0 });
});
