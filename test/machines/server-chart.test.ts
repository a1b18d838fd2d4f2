import { getAdjacencyMap } from '@xstate/graph';
import test from 'ava';
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate';
import {
  createServerMachine,
  SERVER_COMMANDS_TAKEN,
  SERVER_LIMITS,
  type ServerContext,
  startMs,
} from '../../src/machines/server/index.ts';
import { PREPARED, SPEC } from './server-stations.ts';

const machine = createServerMachine();

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];
const all = nodesOf(machine.root);
const leaves = all.filter((node) => Object.keys(node.states).length === 0);
const lineOf = (node: AnyStateNode): AnyStateNode[] => [node, ...(node.parent ? lineOf(node.parent) : [])];
const pathOf = (node: AnyStateNode) => node.path.join('.');

test('no state is without an exit but the last', (t) => {
  const stuck = leaves.filter((leaf) => {
    const exits = lineOf(leaf).flatMap((node) => [...node.transitions.values()].flat());
    return !exits.some(({ target }) => target?.some((node) => node !== leaf));
  });
  t.deepEqual(stuck.map(pathOf), ['purged']);
});

test('every state that waits for an effect has a deadline, on itself or above', (t) => {
  const waiting = leaves.filter((leaf) => leaf.invoke.some(({ src }) => src !== 'monitor'));
  t.true(waiting.length > 20);
  for (const leaf of waiting) {
    const deadlines = lineOf(leaf).flatMap((node) => node.after.filter(({ target }) => target !== undefined));
    t.true(deadlines.length > 0, pathOf(leaf));
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

test('every action and guard is named, so that stored turns and drawings can be read', (t) => {
  const inline: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'function' && !/\.(input|params)$/.test(path)) inline.push(path);
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
    }
  };
  walk(machine.config.states, 'states');
  t.deepEqual(inline, []);
  t.is(machine.id, 'server');
  t.truthy(machine.version);
  t.notThrows(() => JSON.stringify(machine.definition));
});

test('the machine takes every command that it says it takes, and no other', (t) => {
  const commands = SERVER_COMMANDS_TAKEN.filter((command) => machine.events.includes(command));
  t.deepEqual(commands, SERVER_COMMANDS_TAKEN);
  for (const later of ['backup', 'restore_backup', 'archive', 'migrate']) {
    t.false((machine.events as string[]).includes(later), later);
  }
});

test('the limits hold together', (t) => {
  const { stopMarginMs, saveMs, verifyMs, queueBackoffMs, queueMs, queueAttempts, removeMs } = SERVER_LIMITS;
  t.true(saveMs + verifyMs < stopMarginMs, 'a stop has time to save, and to look');
  t.true(queueBackoffMs.reduce((sum, wait) => sum + wait) < queueMs);
  t.is(queueBackoffMs.length, queueAttempts);
  for (const spec of [SPEC, { bootSeconds: 1_800, graceSeconds: 90 }]) {
    const stepsMs = SERVER_LIMITS.fetchMs + SERVER_LIMITS.createMs + spec.bootSeconds * 1000;
    const undoneMs = spec.graceSeconds * 1000 + stopMarginMs;
    t.true(
      startMs(SERVER_LIMITS, spec) >= stepsMs + undoneMs,
      'its node keeps the room until the slowest start has ended',
    );
  }
  t.true(removeMs < stopMarginMs + SERVER_LIMITS.announceMs, 'clearing ends before the stop is given up');
});

/** Everything that may happen in a state: commands with their options, what effects and timers bring, what is seen. */
function eventsIn(snapshot: AnyMachineSnapshot) {
  const context = snapshot.context as ServerContext;
  const { containerId, epoch } = context;
  const command = (type: string, more = {}) => ({ type, operation: { id: `${type}!`, command: type }, at: 0, ...more });
  const see = (container: object | null, dataExists = true) => {
    const ours = { id: containerId ?? 'c', epoch, exitCode: 1, oomKilled: false, requested: false, logTail: [] };
    return { container: container && { ...ours, ...container }, dataExists, dataMarked: dataExists };
  };
  const sights = [
    see(null),
    see(null, false),
    see({ state: 'running' }),
    see({ state: 'exited' }),
    see({ state: 'exited', requested: true }),
  ];
  const outputs: Record<string, unknown[]> = {
    prepare: [PREPARED],
    place: [{ placed: true }, { placed: true, home: ELSEWHERE }, { placed: false, reason: 'full' }],
    findWorld: [{ nodeId: 'n2' }],
    createContainer: [{ containerId: 'c' }],
    boot: [{ players: 1 }],
    terminate: [{ exitCode: 0, oomKilled: false }],
    kill: [{ exitCode: 137, oomKilled: false }],
    verify: sights,
  };
  const effects = snapshot._nodes.flatMap((node: AnyStateNode) => node.invoke.map(({ id }) => id));
  return [
    ...SERVER_COMMANDS_TAKEN.map((type) => command(type, { changes: {}, operationId: context.operation?.id })),
    command('start', { fresh: true }),
    command('stop', { announce: '' }),
    command('delete', { stopFirst: true }),
    command('delete', { stopFirst: true, announce: '' }),
    ...sights.map((observation) => ({ type: 'observed', observation, at: 0 })),
    { type: 'probe.ok', players: 1, at: 0 },
    { type: 'probe.failed', streak: 5, at: 0 },
    { type: 'capacity.available', at: 0 },
    ...newsFor(context),
    ...snapshot._nodes.flatMap((node: AnyStateNode) => node.after.map(({ eventType }) => ({ type: eventType, at: 0 }))),
    ...effects.flatMap((id) => [
      ...(outputs[id] ?? [{}]).map((output) => ({ type: `xstate.done.actor.${id}`, output, at: 0 })),
      ...(
        [
          ['broken', 'transient'],
          ['broken', 'permanent'],
          ['node_unreachable', 'transient'],
        ] as const
      ).map(([code, retry]) => ({
        type: `xstate.error.actor.${id}`,
        error: { code, message: 'It broke.', retry },
        at: 0,
      })),
    ]),
  ];
}

const ELSEWHERE = { nodeId: 'n2', engine: 'docker', ports: [] };

/** What its node may say, in the order of its lease's epochs or overtaken; at 1 the server was last asked or lost. */
function newsFor({ nodeId, epoch, containerId }: ServerContext) {
  const container = { id: containerId ?? 'c', serverId: 's1', epoch, state: 'running', exitCode: null };
  const ended = { ...container, state: 'exited' };
  return [1, 2].flatMap((leaseEpoch) => {
    const news = { nodeId, epoch, leaseEpoch, at: 0 };
    return [
      { type: 'node.lost', ...news, lastLeaseAt: 0 },
      { type: 'node.fenced', ...news, proof: 'lease_expired', provenAt: 0 },
      { type: 'node.shows', ...news, recovering: true, container },
      ...[container, ended, null, { ...container, id: 'other', epoch: epoch + 1 }].flatMap((shown) =>
        [false, true].map((rebooted) => ({ type: 'node.returned', ...news, bootId: 'b', rebooted, container: shown })),
      ),
    ];
  });
}

/** What of a snapshot decides on where it may go; counts of attempts and crashes are left to the scenarios. */
function essence({ value, context }: AnyMachineSnapshot): string {
  const { operation, nodeId, rebuild, containerId, dataLost, startedAt, loss, lease, reserved } =
    context as ServerContext;
  const deciding = ['delete', 'restart', 'kill'];
  const command = operation && (deciding.includes(operation.command) ? operation.command : 'other');
  const flags = [nodeId, containerId, dataLost, startedAt !== null, rebuild?.keep, reserved].map(Boolean).join();
  const lost = loss && [loss.off, loss.rebooted, loss.failover?.fresh];
  return JSON.stringify([value, command, rebuild?.from, flags, lost, loss && lease.asked]);
}

test('every path of the chart leads through every state, and from each of them to the end', (t) => {
  const map = getAdjacencyMap(machine, {
    input: {
      id: 's1',
      ownerId: 'o1',
      spec: { ...SPEC, wakeOnJoin: true },
      at: 0,
      operation: { id: 'create!', command: 'create' },
      start: true,
    },
    events: eventsIn as never,
    serializeState: essence as never,
    limit: 200_000,
  });
  const entries = Object.entries(map);
  const reached = new Set(entries.map(([, { state }]) => pathOfValue(state.value)));
  t.deepEqual(
    leaves.map(pathOf).filter((leaf) => !reached.has(leaf) && leaf !== 'deleted.sorting'),
    [],
    'each state can be reached',
  );
  const before = new Map<string, string[]>();
  for (const [key, { transitions }] of entries) {
    for (const { state } of Object.values(transitions as Record<string, { state: unknown }>)) {
      const next = essence(state as AnyMachineSnapshot);
      before.set(next, [...(before.get(next) ?? []), key]);
    }
  }
  const ends = entries.filter(([, { state }]) => state.value === 'purged').map(([key]) => key);
  const leadsToEnd = new Set(ends);
  for (const key of leadsToEnd) for (const earlier of before.get(key) ?? []) leadsToEnd.add(earlier);
  t.deepEqual(
    entries.map(([key]) => key).filter((key) => !leadsToEnd.has(key)),
    [],
    'from each state there is a way to the end',
  );
  t.log(`${entries.length} states walked`);
});

const pathOfValue = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as object)
        .flat()
        .join('.');
