import { getAdjacencyMap } from '@xstate/graph';
import test from 'ava';
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import {
  createNodeMachine,
  migrateNode,
  NODE_COMMANDS_TAKEN,
  NODE_LIMITS,
  type NodeContext,
  nodeStatus,
} from '../../src/machines/node/index.ts';
import { Drive, scopeFor } from './drive.ts';
import { BOOTSTRAPPED, beat, connected, how, inventory, local, reading, reserve, SSH, shown } from './node-stations.ts';

const machine = createNodeMachine();

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];
const all = nodesOf(machine.root);
const leaves = all.filter((node) => Object.keys(node.states).length === 0);
const lineOf = (node: AnyStateNode): AnyStateNode[] => [node, ...(node.parent ? lineOf(node.parent) : [])];
const pathOf = (node: AnyStateNode) => node.path.join('.');

/** Effects that live as long as their state; all others have a deadline there. */
const LIFELONG = new Set(['heartbeat', 'connect', 'fence', 'wipe']);

test('no state is without an exit but the last of each region', (t) => {
  const stuck = leaves.filter((leaf) => {
    const exits = lineOf(leaf).flatMap((node) => [
      ...[...node.transitions.values()].flat(),
      ...(node.always ?? []),
      ...node.after,
    ]);
    return !exits.some(({ target }) => target?.some((node) => node !== leaf));
  });
  t.deepEqual(stuck.map(pathOf), ['life.decommissioned', 'connection.closed', 'pressure.over', 'room.over']);
});

test('every state that waits for an effect has a deadline, or lives with its effect', (t) => {
  const waiting = leaves.filter((leaf) => leaf.invoke.some(({ src }) => !LIFELONG.has(String(src))));
  t.true(waiting.length > 5);
  for (const leaf of waiting) {
    t.true(
      lineOf(leaf).some((node) => node.after.some(({ target }) => target !== undefined)),
      pathOf(leaf),
    );
  }
});

test('every effect is named by its own id, and both of its ends are taken', (t) => {
  for (const node of all) {
    for (const { id, src } of node.invoke) {
      t.is(id, src as string);
      for (const end of [`xstate.done.actor.${id}`, `xstate.error.actor.${id}`]) {
        t.true(
          lineOf(node).some((one) => one.ownEvents.includes(end)),
          `${pathOf(node)}: ${end}`,
        );
      }
    }
  }
});

test('every action and guard of a node is named, so that stored turns and drawings can be read', (t) => {
  const inline: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'function' && !/\.(input|params)$/.test(path)) inline.push(path);
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    }
  };
  walk(machine.config.states, 'states');
  t.deepEqual(inline, []);
  t.notThrows(() => JSON.stringify(machine.definition));
});

test('the machine takes every command that it says it takes', (t) => {
  for (const command of NODE_COMMANDS_TAKEN) t.true((machine.events as string[]).includes(command), command);
});

test("the node's limits hold together", (t) => {
  for (const { high, calm } of [NODE_LIMITS.disk, NODE_LIMITS.memory, NODE_LIMITS.cpu]) t.true(calm < high);
  t.true(NODE_LIMITS.disk.high < NODE_LIMITS.disk.critical);
  t.true(NODE_LIMITS.leaseNoteMs > NODE_LIMITS.lease.ttlMs);
});

/** Everything that may happen in a state: commands, what effects and timers bring, what is told. */
function eventsIn(snapshot: AnyMachineSnapshot) {
  const stray = inventory([shown('x')], { stop: [shown('x')] });
  const outputs: Record<string, unknown[]> = {
    bootstrap: [BOOTSTRAPPED],
    connect: [{ bootId: 'b1' }],
    fence: [
      { proof: 'lease_expired', waitedMs: 1 },
      { proof: 'provider_off', waitedMs: 1 },
    ],
    readInventory: [inventory(), stray],
  };
  const beats = [reading(), reading({ disk: 0.92 }), reading({ disk: 0.99 }), reading({ bootId: 'b2' })];
  const effects = snapshot._nodes.flatMap((node: AnyStateNode) => node.invoke.map(({ id }) => id));
  return [
    ...NODE_COMMANDS_TAKEN.map((type) => ({ type, operation: { id: `${type}!`, command: type }, at: 0, labels: {} })),
    ...beats.map((one) => ({ type: 'beat', reading: one, receivedAt: 0, at: 0 })),
    { type: 'beat.missed', streak: 1, lastLeaseAt: 0, at: 0 },
    { type: 'beat.missed', streak: 3, lastLeaseAt: 0, at: 0 },
    { type: 'machine.requested', at: 0 },
    { type: 'machine.booted', ssh: SSH, at: 0 },
    {
      type: 'reserve',
      requests: [{ serverId: 'a', epoch: 1, startMs: 60_000, ramMb: 1, cpuMilli: 1, diskMb: 0, ports: 1 }],
      at: 0,
    },
    { type: 'hold', serverId: 'a', epoch: 1, ramMb: 1, cpuMilli: 1, diskMb: 0, ports: 1, at: 0 },
    ...snapshot._nodes.flatMap((node: AnyStateNode) => node.after.map(({ eventType }) => ({ type: eventType, at: 0 }))),
    ...effects.flatMap((id) => [
      ...(outputs[id] ?? [{}]).map((output) => ({ type: `xstate.done.actor.${id}`, output, at: 0 })),
      { type: `xstate.error.actor.${id}`, error: { code: 'broken', message: 'It broke.', retry: 'permanent' }, at: 0 },
    ]),
  ];
}

/** What of a snapshot decides on where it may go. */
function essence({ value, context }: AnyMachineSnapshot): string {
  const { readyAt, cordoned, leaves, fence, reservations, bootId, ssh } = context as NodeContext;
  const flags = [readyAt !== null, cordoned, leaves, fence !== null, 'a' in reservations, ssh !== null].join();
  return JSON.stringify([value, flags, bootId]);
}

test('every path of the chart leads through every state, and from each of them to the end', (t) => {
  const map = getAdjacencyMap(machine, {
    input: { id: 'n1', name: 'n1', kind: 'cloud', engine: 'docker', ramMb: 9000, cpus: 2, at: 0 },
    events: eventsIn as never,
    serializeState: essence as never,
    limit: 200_000,
  });
  const entries = Object.entries(map);
  const reached = new Set(entries.flatMap(([, { state }]) => (state as AnyMachineSnapshot)._nodes.map(pathOf)));
  t.deepEqual(
    leaves.map(pathOf).filter((leaf) => !reached.has(leaf)),
    ['life.arriving', 'connection.unreachable.proof.sorting'],
    'each state can be reached but those that only sort',
  );
  const before = new Map<string, string[]>();
  for (const [key, { transitions }] of entries) {
    for (const { state } of Object.values(transitions as Record<string, { state: unknown }>)) {
      const next = essence(state as AnyMachineSnapshot);
      before.set(next, [...(before.get(next) ?? []), key]);
    }
  }
  const leadsToEnd = new Set(entries.filter(([, { state }]) => state.status === 'done').map(([key]) => key));
  for (const key of leadsToEnd) for (const earlier of before.get(key) ?? []) leadsToEnd.add(earlier);
  t.deepEqual(
    entries.map(([key]) => key).filter((key) => !leadsToEnd.has(key)),
    [],
    'from each state there is a way to the end',
  );
  t.log(`${entries.length} states walked`);
});

/** As version 1 stored it. */
const STORED = {
  status: 'active',
  value: 'ready',
  historyValue: {},
  context: {
    id: 'n1',
    name: 'local',
    engine: 'docker',
    ramMb: 8000,
    cpus: 4,
    reserveRamMb: 1050,
    reservations: { a: { epoch: 3, ramMb: 1000, cpu: 1 } },
    released: { b: 2 },
    forgotten: ['c'],
    waiting: [{ serverId: 'd', ramMb: 9000 }],
  },
  children: {},
};

test('a node that the first version stored goes on where it was, and is connected with the next event', (t) => {
  const node = local();
  node.snapshot = machine.restoreSnapshot(
    JSON.parse(JSON.stringify(migrateNode(STORED, '1'))),
    scopeFor([]),
  ) as AnyMachineSnapshot;
  node.effects.clear();
  t.deepEqual(node.context.reservations, {
    a: { epoch: 3, ramMb: 1000, cpuMilli: 1000, diskMb: 0, ports: 0, startsUntil: null },
  });
  t.true(node.send({ type: 'resize', ramMb: 8000, cpus: 4 }));
  t.is(how(node), 'ready healthy calm');
  t.deepEqual([...node.effects.keys()], ['heartbeat']);
  t.false(reserve(node, 'b', 2).placed, 'what was given back is remembered');
  t.true(reserve(node, 'b', 3).placed);
  t.throws(() => migrateNode(STORED, '7'), { instanceOf: TypeError });
  const { guarded: _, pressure, ...third } = node.context;
  const { engine: __, ...shares } = pressure;
  const moved = migrateNode({ ...STORED, context: { ...third, pressure: shares } }, '3');
  t.like(moved, { context: { guarded: true, pressure: { ...shares, engine: 'calm' } } });
  const fresh = new Drive<NodeContext>(machine, {
    id: 'n1',
    name: 'local',
    kind: 'local',
    engine: 'docker',
    ramMb: 8000,
    cpus: 4,
  });
  t.deepEqual(Object.keys(node.context).sort(), Object.keys(fresh.context).sort(), 'it knows as much as a new one');
});

test('the status is that of its life, with how it is connected', (t) => {
  const node = connected();
  t.deepEqual(nodeStatus(node.snapshot), {
    status: 'ready',
    detail: 'healthy',
    connection: 'healthy',
    pressure: 'calm',
  });
  beat(node, { disk: 0.99 });
  node.command('drain');
  t.like(nodeStatus(node.snapshot), { status: 'draining', detail: 'empty', pressure: 'critical' });
});
