import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { errors } from '../../src/conductor/errors.ts';
import type { Engine, NodeHost } from '../../src/conductor/interfaces/engine.ts';
import { createContainer, purge, removeContainer } from '../../src/conductor/server/effects/container.ts';
import { findWorld } from '../../src/conductor/server/effects/find-world.ts';
import { place, prepare } from '../../src/conductor/server/effects/prepare.ts';
import { serverKind } from '../../src/conductor/server/kind.ts';
import type { ServerWorld } from '../../src/conductor/server/world.ts';
import { SERVER_LIMITS, startMs } from '../../src/machines/server/index.ts';
import { createWorlds } from '../../src/nodes/index.ts';
import { errors as storeErrors } from '../../src/persistence/errors.ts';
import { SPEC } from '../machines/server-stations.ts';

const context = { signal: AbortSignal.timeout(10_000) } as never;
const facts = { serverId: 's1', ownerId: 'o1', spec: SPEC, nodeId: 'n1', ports: [], epoch: 1 };

/** An engine that does not answer. */
const SILENT = { inventory: () => Promise.reject(errors.not_running()) } as unknown as Engine;

/** Nodes with real directories; one whose worlds do not answer is as good as cut off. */
async function nodes(t: { teardown(undo: () => Promise<void>): void }, ids: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'baton-effects-'));
  t.teardown(() => rm(root, { recursive: true }));
  return new Map(
    ids.map((id): [string, NodeHost] => {
      const worlds = createWorlds(join(root, id), id);
      return [id, { id, name: id, engine: SILENT, worlds, portsTaken: async () => new Set() }];
    }),
  );
}

const released: string[] = [];

const worldOf = (hosts: ReadonlyMap<string, NodeHost>): ServerWorld =>
  ({
    node(id: string) {
      const host = hosts.get(id);
      if (host === undefined) throw errors.node_unknown({ id });
      return host;
    },
    nodes: () => [...hosts.values()],
    fleet: { has: (id: string) => hosts.has(id) },
    ports: { releasePorts: async (id: string) => void released.push(id) },
  }) as unknown as ServerWorld;

const cutOff = (host: NodeHost): NodeHost => ({
  ...host,
  worlds: { ...host.worlds, look: () => Promise.reject(errors.node_unknown({ id: host.id })) },
});

test('a failover starts with the data that somebody put on another node, wherever it answers', async (t) => {
  const hosts = await nodes(t, ['n1', 'n2', 'n3']);
  const n1 = hosts.get('n1');
  const n3 = hosts.get('n3');
  if (n1 === undefined || n3 === undefined) return t.fail();
  const look = (wanted: string | null) =>
    findWorld(worldOf(new Map(hosts).set('n2', cutOff(n1))))({ serverId: 's1', avoid: ['n1'], wanted }, context);
  for (const host of [n1, n3]) {
    await t.throwsAsync(look(null), { code: 'no_data' } as object, 'none, or only on the lost node');
    await host.worlds.ensure({ serverId: 's1', ownerId: 'o1', epoch: 1, user: '' });
    await writeFile(join(host.worlds.dataDir('s1'), 'level.dat'), 'world');
  }
  t.deepEqual(await look(null), { nodeId: 'n3' });
  t.deepEqual(await look('n3'), { nodeId: 'n3' });
  await t.throwsAsync(look('n2'), { code: 'no_data' } as object);
});

test('no container is made for a world that was deleted since it was last seen', async (t) => {
  const hosts = await nodes(t, ['n1']);
  const n1 = hosts.get('n1');
  if (n1 === undefined) return t.fail();
  const made = { inventory: async () => [], createContainer: async () => ({ id: 'c' }) } as unknown as Engine;
  const world = {
    ...worldOf(new Map([['n1', { ...n1, engine: made }]])),
    games: { template: () => ({ worldMarks: ['world'], ports: [], stop: {}, console: {} }), containerEnv: () => ({}) },
    settings: {},
  } as unknown as ServerWorld;
  const create = (expects: { worldMarked: boolean } | null) =>
    createContainer(world)({ ...facts, keep: null, graceSeconds: 1, expects }, context);
  const noData = { code: 'no_data' } as object;
  await t.throwsAsync(create({ worldMarked: false }), noData);
  t.deepEqual(await create(null), { containerId: 'c' });
  await writeFile(join(n1.worlds.dataDir('s1'), 'server.properties'), '');
  await t.throwsAsync(create({ worldMarked: true }), noData, 'what else lies there is none');
  t.deepEqual(await create({ worldMarked: false }), { containerId: 'c' });
  await mkdir(join(n1.worlds.dataDir('s1'), 'world'));
  t.deepEqual(await create({ worldMarked: true }), { containerId: 'c' });
});

test('a purge does not wait for a node that was given up, and does for one that is away', async (t) => {
  const hosts = await nodes(t, ['n1']);
  const gone = worldOf(new Map());
  t.deepEqual(await removeContainer(gone)({ ...facts, keep: null, graceSeconds: 1 }, context), {});
  t.deepEqual(await purge(gone)({ ...facts, keepData: false }, context), {});
  t.deepEqual(released, ['s1']);
  await t.throwsAsync(purge(worldOf(hosts))({ ...facts, keepData: false }, context), { code: 'not_running' } as object);
  t.deepEqual(released, ['s1'], 'its ports are kept until nothing can listen there any more');
});

test('a container that runs is asked to stop before it is removed, and a kill gives it no time', async (t) => {
  const [host] = (await nodes(t, ['n1'])).values();
  if (host === undefined) return t.fail();
  const calls: string[] = [];
  const engine = {
    inventory: async () =>
      (['running', 'exited', 'paused', 'created'] as const).map((state, epoch) => ({
        id: state,
        serverId: 's1',
        epoch,
        state,
      })),
    stopContainer: async (id: string, graceMs: number) => void calls.push(`stop ${id} ${graceMs}`),
    removeContainer: async (id: string) => void calls.push(`remove ${id}`),
  } as unknown as Engine;
  const world = worldOf(new Map([['n1', { ...host, engine }]]));
  await removeContainer(world)({ ...facts, keep: 'exited', graceSeconds: 7 }, context);
  t.deepEqual(calls.splice(0), [
    'remove created',
    'stop paused 7000',
    'remove paused',
    'stop running 7000',
    'remove running',
  ]);
  await removeContainer(world)({ ...facts, keep: null, graceSeconds: 0 }, context);
  t.true(calls.includes('stop running 0'));
  calls.length = 0;
  await purge(world)({ ...facts, keepData: false }, context);
  t.true(calls.indexOf(`stop running ${SPEC.graceSeconds * 1000}`) === calls.indexOf('remove running') - 1);
  t.true(calls.includes('remove running'));
});

test('an effect is tried for as long as its state waits for it, but for what a stop can do without', (t) => {
  const { effects } = serverKind(worldOf(new Map()), SERVER_LIMITS);
  const once = Object.keys(effects).filter((name) => effects[name]?.attempts === 1);
  t.deepEqual(once, ['announce', 'save']);
  const input = { ...facts, keep: null, graceSeconds: 20, containerId: 'c1' } as never;
  const timeOf = (name: string) => {
    const { deadlineMs = 0, marginMs = 0, attempts } = effects[name] ?? {};
    t.is(attempts, Number.POSITIVE_INFINITY, name);
    return Number(typeof deadlineMs === 'function' ? deadlineMs(input) : deadlineMs) - marginMs;
  };
  t.is(timeOf('fetch'), SERVER_LIMITS.fetchMs);
  t.is(timeOf('boot'), SPEC.bootSeconds * 1000);
  t.is(timeOf('createContainer'), 20_000 + SERVER_LIMITS.createMs);
  t.is(timeOf('removeContainer'), 20_000 + SERVER_LIMITS.removeMs);
  t.is(timeOf('terminate'), 20_000 + SERVER_LIMITS.stopMarginMs);
});

test('room is asked for as long as the start may take by the deadlines of the template', async (t) => {
  const { world } = withoutPorts(await nodes(t, ['n1']), []);
  const asked: { startMs: number }[] = [];
  const fleet = {
    has: () => true,
    answers: () => true,
    async reserve(request: { startMs: number }) {
      asked.push(request);
      return { placed: false, reason: 'none' };
    },
  };
  const slow = { ...SPEC, bootSeconds: 1_800 };
  for (const spec of [SPEC, slow]) {
    const input = { ...facts, spec, avoid: [], wanted: null, dataExists: true } as never;
    await place({ ...world, fleet } as never, SERVER_LIMITS)(input, context);
  }
  t.deepEqual(
    asked.map(({ startMs: ms }) => ms),
    [startMs(SERVER_LIMITS, SPEC), startMs(SERVER_LIMITS, slow)],
  );
});

/** A fleet that offers its nodes in order, and nodes that have no port left. */
function withoutPorts(hosts: ReadonlyMap<string, NodeHost>, full: readonly string[]) {
  const withdrawn: string[] = [];
  const first = (avoid: readonly string[]) => [...hosts.keys()].find((id) => !avoid.includes(id));
  const world = {
    ...worldOf(hosts),
    games: { template: () => ({ ports: [], user: '' }) },
    settings: { portRange: { from: 1, to: 2 } },
    fleet: {
      async home(_demand: unknown, avoid: readonly string[]) {
        const nodeId = first(avoid);
        if (nodeId === undefined) throw errors.no_nodes();
        return nodeId;
      },
      async reserve({ avoid, only }: { avoid: readonly string[]; only: string | null }) {
        const nodeId = only ?? first(avoid);
        return nodeId === undefined ? { placed: false, reason: 'none' } : { placed: true, nodeId };
      },
      withdraw: async (nodeId: string) => void withdrawn.push(nodeId),
      has: (nodeId: string) => hosts.has(nodeId),
      answers: () => true,
    },
    ports: {
      async reservePorts({ nodeId }: { nodeId: string }) {
        if (full.includes(nodeId)) throw storeErrors.no_ports({ from: 1, to: 2, name: 'game' });
        return [{ name: 'game', protocol: 'tcp', container: 1, host: 1 }];
      },
    },
  } as unknown as ServerWorld;
  return { world, withdrawn };
}

test('a new server gets its home where a port is left, and hears of ports when none is anywhere', async (t) => {
  const hosts = await nodes(t, ['n1', 'n2', 'n3']);
  const make = (full: readonly string[]) =>
    prepare(withoutPorts(hosts, full).world)({ serverId: 's1', ownerId: 'o1', spec: SPEC }, context);
  t.like(await make([]), { nodeId: 'n1' });
  t.like(await make(['n1', 'n2']), { nodeId: 'n3', ports: [{ host: 1 }] });
  await t.throwsAsync(make(['n1', 'n2', 'n3']), { code: 'no_ports' } as object);
});

test('a server whose node was removed does not wait for its world there, and starts elsewhere with a new one alone', async (t) => {
  const { world } = withoutPorts(await nodes(t, ['n2']), []);
  const start = (expects: { worldMarked: boolean } | null) =>
    place(world, SERVER_LIMITS)({ ...facts, expects, avoid: [], wanted: null, dataExists: true } as never, context);
  await t.throwsAsync(start({ worldMarked: false }), { code: 'no_data' } as object);
  t.like(await start(null), { placed: true, home: { nodeId: 'n2' } });
});

test('room on a node without a port is given back, and looked for elsewhere unless the server is tied to it', async (t) => {
  const hosts = await nodes(t, ['n1', 'n2', 'n3']);
  const asked = { ...facts, avoid: [], wanted: null, dataExists: false } as never;
  const there = withoutPorts(hosts, ['n1', 'n2']);
  t.like(await place(there.world, SERVER_LIMITS)(asked, context), { placed: true, home: { nodeId: 'n3' } });
  t.deepEqual(there.withdrawn, ['n1', 'n2']);
  const nowhere = withoutPorts(hosts, ['n1', 'n2', 'n3']);
  t.like(await place(nowhere.world, SERVER_LIMITS)(asked, context), { placed: false });
  t.deepEqual(nowhere.withdrawn, ['n1', 'n2', 'n3']);
  const tied = withoutPorts(hosts, ['n1']);
  const withWorld = { ...(asked as object), dataExists: true } as never;
  await t.throwsAsync(place(tied.world, SERVER_LIMITS)(withWorld, context), { code: 'no_ports' } as object);
  t.deepEqual(tied.withdrawn, ['n1']);
});
