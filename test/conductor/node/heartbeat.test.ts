import test from 'ava';
import type { EffectContext } from '../../../src/actors/types.ts';
import type { Grant, NodeReading } from '../../../src/conductor/interfaces/link.ts';
import { heartbeat } from '../../../src/conductor/node/effects/heartbeat.ts';
import { createLeaseBook } from '../../../src/conductor/node/lease-book.ts';
import type { NodeWorld } from '../../../src/conductor/node/world.ts';
import { NODE_LIMITS, type NodeKnown } from '../../../src/machines/node/index.ts';

const FACTS = {
  nodeId: 'n1',
  name: 'n1',
  kind: 'dedicated',
  ssh: { hostname: 'n1.example', user: 'root', port: 22, dockerHost: null, root: null },
  hostKey: 'ssh-ed25519 A',
  leaseEpoch: 1,
} as const;

const UNKNOWN: NodeKnown = {
  bootId: null,
  pressure: { disk: 'calm', memory: 'calm', cpu: 'calm', engine: 'calm' },
  shown: [],
  ramMb: 0,
  cpus: 0,
  missed: 0,
  guarded: true,
  lastLeaseAt: null,
};

const ANSWER: NodeReading = {
  bootId: 'b1',
  clockMs: 1_000,
  nodeId: 'n1',
  leaseEpoch: 1,
  granted: true,
  watchdogs: 2,
  containers: [],
  worlds: [],
  quarantine: [],
  diskKb: { total: 100, free: 50 },
  memoryKb: { total: 8_000 * 1024, available: 4_000 * 1024 },
  cpu: { count: 4, busyTicks: 0, totalTicks: 100 },
};

/** What the actor is told, and what was granted, by a node that answers so: first without a grant, then to each. */
async function beats(answers: readonly Partial<NodeReading>[]) {
  const told: { readonly type: string; readonly [key: string]: unknown }[] = [];
  const grants: (Grant | null)[] = [];
  const over = new AbortController();
  let turn = 0;
  const answer = async (): Promise<NodeReading> => {
    const clockMs = 1_000 * (turn + 1);
    const next = answers[turn];
    turn += 1;
    if (turn >= answers.length) over.abort();
    return { ...ANSWER, clockMs, ...next };
  };
  const link = {
    connect: answer,
    heartbeat: (_: number, grant: Grant | null) => {
      grants.push(grant);
      return answer();
    },
  };
  const world = {
    machines: { of: () => ({ link }) },
    limits: NODE_LIMITS,
    clock: { now: () => 50_000, monotonic: () => turn },
    leases: createLeaseBook(),
    timeout: () => new AbortController().signal,
    sleep: async (_: number, signal: AbortSignal) => signal.throwIfAborted(),
    mayGrant: () => true,
  } as unknown as NodeWorld;
  const context = { signal: over.signal, send: told.push.bind(told) } as unknown as EffectContext;
  await heartbeat(world)({ ...FACTS, known: UNKNOWN }, context).catch(() => undefined);
  return { told, grants };
}

test('each grant is anchored at the answer before, and what does not change is not told again', async (t) => {
  const { told, grants } = await beats([{ granted: null }, {}, {}]);
  const { ttlMs } = NODE_LIMITS.lease;
  t.deepEqual(grants, [
    { untilMs: 1_000 + ttlMs, bootId: 'b1' },
    { untilMs: 2_000 + ttlMs, bootId: 'b1' },
  ]);
  t.deepEqual(
    told.map(({ type }) => type),
    ['beat'],
  );
});

test('a node that answers and takes no lease is missed, and offered the next one all the same', async (t) => {
  const { told, grants } = await beats([{ granted: null }, { granted: false }, { granted: false }, {}]);
  t.deepEqual(
    told.map(({ type, streak }) => [type, streak]),
    [
      ['beat', undefined],
      ['beat.missed', 1],
      ['beat.missed', 2],
      ['beat', undefined],
    ],
  );
  t.is(grants.at(-1)?.untilMs, 3_000 + NODE_LIMITS.lease.ttlMs);
});

test('an engine is silent after five answers of its machine without its own, and not when it is slow for less', async (t) => {
  const [silent, answers] = [{ containers: null }, {}];
  const { told } = await beats([
    { granted: null },
    ...[silent, silent, silent, silent, answers],
    ...[silent, silent, silent, silent, silent, silent, answers],
  ]);
  t.deepEqual(
    told.map(({ type, reading }) => [type, (reading as { engineSilent: boolean }).engineSilent]),
    [
      ['beat', false],
      ['beat', true],
      ['beat', false],
    ],
  );
});

test('a node without a watchdog takes no lease and is not missed for that: it is told that nobody guards it', async (t) => {
  const { told } = await beats([{ granted: null }, { granted: false, watchdogs: 0 }, {}]);
  t.deepEqual(
    told.map(({ type, reading }) => [type, (reading as { guarded: boolean }).guarded]),
    [
      ['beat', true],
      ['beat', false],
      ['beat', true],
    ],
  );
});
