import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemPorts } from '../../src/actors/system-ports.ts';
import type { NodeHost } from '../../src/conductor/interfaces/engine.ts';
import { createLocalLink, createWorlds } from '../../src/nodes/index.ts';

const soon = () => AbortSignal.timeout(10_000);

/** This machine with one world of epoch 2, and containers of the epochs 1 and 2. */
async function aMachine(t: ExecutionContext, ports: typeof systemPorts = systemPorts) {
  const dataRoot = await mkdtemp(join(tmpdir(), 'baton-link-'));
  t.teardown(() => rm(dataRoot, { recursive: true, force: true }));
  const worlds = createWorlds(dataRoot, 'n');
  await worlds.ensure({ serverId: 's', epoch: 2, ownerId: 'o', user: '' });
  await writeFile(join(worlds.dataDir('s'), 'level.dat'), 'x');
  let containers = [1, 2].map((epoch) => ({ id: `c${epoch}`, serverId: 's', epoch, state: 'running', exitCode: null }));
  const engine = {
    inventory: async () => containers,
    removeContainer: async (id: string) => {
      containers = containers.filter((one) => one.id !== id);
    },
  };
  const host = { id: 'n', name: 'here', engine, worlds } as unknown as NodeHost;
  const link = createLocalLink({ host, dataRoot, size: null, ports });
  return { link, engine, dataRoot, left: () => containers.map(({ id }) => id) };
}

test('it says what is there, and how full the machine is', async (t) => {
  const { link } = await aMachine(t);
  const { containers, worlds, memoryKb, diskKb } = await link.observe(soon());
  t.deepEqual(
    containers?.map(({ epoch }) => epoch),
    [1, 2],
  );
  t.deepEqual(worlds, [{ serverId: 's', epoch: 2, hasData: true }]);
  t.true(memoryKb.total > memoryKb.available && memoryKb.available > 0);
  t.true(diskKb.total > 0);
});

test('an engine that hangs does not keep the machine from answering', async (t) => {
  const clock = { ...systemPorts.clock, schedule: (_: number, run: () => void) => systemPorts.clock.schedule(0, run) };
  const { link, engine } = await aMachine(t, { ...systemPorts, clock });
  engine.inventory = () => new Promise(() => {});
  t.like(await link.observe(soon()), { containers: null, nodeId: 'n' });
});

test('what should not run ends, and the world stays', async (t) => {
  const { link, left } = await aMachine(t);
  await link.stop({ serverId: 's', epoch: 1, leaseEpoch: 1 }, soon());
  t.deepEqual(left(), ['c2']);
  t.is((await link.observe(soon())).worlds.length, 1);
});

test('a world that has lost its place is put aside, and not deleted', async (t) => {
  const { link, left, dataRoot } = await aMachine(t);
  await link.quarantine({ serverId: 's', epoch: 3, leaseEpoch: 1 }, soon());
  t.deepEqual(left(), []);
  const { worlds, quarantine } = await link.observe(soon());
  t.deepEqual(worlds, []);
  t.regex(quarantine[0] ?? '', /^s\.2\.\d{8}T\d{6}Z$/);
  t.deepEqual(await readdir(join(dataRoot, 'quarantine', quarantine[0] ?? '', 'data')), ['level.dat']);
  await link.quarantine({ serverId: 's', epoch: 3, leaseEpoch: 1 }, soon());
});

test('a world that bears the id of another node is neither shown nor moved', async (t) => {
  const { link, dataRoot } = await aMachine(t);
  const strange = { serverId: 'x', epoch: 1, ownerId: 'o', user: '' };
  await createWorlds(dataRoot, 'another').ensure(strange);
  await mkdir(join(dataRoot, 'servers', 'unsaid'));
  const { worlds } = await link.observe(soon());
  t.deepEqual(
    worlds.map(({ serverId }) => serverId),
    ['s'],
  );
  for (const serverId of ['x', 'unsaid']) await link.quarantine({ serverId, epoch: 9, leaseEpoch: 1 }, soon());
  t.deepEqual(await readdir(join(dataRoot, 'servers')), ['s', 'unsaid', 'x']);
});
