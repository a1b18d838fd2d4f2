/**
 * The durable path: planned in batches as the queue does it, and each reservation committed in its node's own mailbox. What is
 * measured is whole: planning in threads, the picture that follows the commits, PostgreSQL with fsync.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Pool } from 'pg';
import { RUNTIME_LIMITS } from '../src/actors/limits.ts';
import { createRuntime, type Runtime } from '../src/actors/runtime.ts';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { ActorKind } from '../src/actors/types.ts';
import { createDesks, createPicture, type FleetPicture, followNodes } from '../src/conductor/fleet/index.ts';
import { nodeKind } from '../src/conductor/node/kind.ts';
import type { NodeWorld } from '../src/conductor/node/world.ts';
import { heldOn, NODE_LIMITS, sizeOf } from '../src/machines/node/index.ts';
import { createCommitStore } from '../src/persistence/commit/store.ts';
import { projections } from '../src/persistence/sql/projections.ts';
import { createFleetMemory, createPlanner, type Planner, type Resources, usableRamMb } from '../src/planner/index.ts';
import { type Cpu, countCpu } from './cpu.ts';
import { ACCOUNT, withRealDatabase } from './database.ts';

export interface Durable {
  readonly perSecond: number;
  readonly placed: number;
  /** Proposals that the node refused, because the picture was old. */
  readonly refused: number;
  readonly nodesBeyondTheirRoom: number;
  /** Rows of reservations in the database afterwards. */
  readonly rows: number;
  readonly longestBlockMs: number;
  /** Processor time of a placement, planning and all else included. */
  readonly cpu: Cpu;
}

const NODES = 2_000;
const SERVERS = 40_000;
const BATCH = 100;
/** Batches under way at once: one is planned while others are committed. */
const AHEAD = 4;
const NODE_RAM_MB = 65_536;
const STARTS_MAX = 1_000_000;
const ASK_MS = 60_000;
const START_MS = 1_800_000;
const KINDS: readonly Resources[] = [512, 1024, 2048].map((ramMb) => ({ ramMb, cpuMilli: 0, diskMb: 0, ports: 1 }));

export const throughMailboxes = (): Promise<Durable> => withRealDatabase(measure);

async function measure(pool: Pool): Promise<Durable> {
  const report = (message: string, details: object) => process.stderr.write(`${message} ${JSON.stringify(details)}\n`);
  const { clock } = systemPorts;
  const memory = createFleetMemory(NODES);
  const picture = createPicture({ memory, clock, startsMax: STARTS_MAX });
  const planner = createPlanner({ memory, clock, report });
  const runtime = createRuntime({
    store: createCommitStore(pool, projections),
    kinds: [quietNodes()],
    ports: systemPorts,
    limits: RUNTIME_LIMITS,
    owner: 'bench',
    report,
    leaseLost: () => process.exit(70),
  });
  await runtime.start();
  try {
    await followNodes(runtime, { actors: async () => ({ items: [], total: 0, nextCursor: null }) }, picture);
    await makeNodes(runtime);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const cpu = await countCpu(pool);
    const began = performance.now();
    const { placed, refused } = await fill(runtime, planner, picture);
    const seconds = (performance.now() - began) / 1000;
    const used = await cpu(placed);
    delay.disable();
    const { rows } = await pool.query<{ n: number }>('select count(*)::integer as n from reservations');
    return {
      perSecond: placed / seconds,
      placed,
      refused,
      nodesBeyondTheirRoom: overcommitted(picture),
      rows: rows[0]?.n ?? 0,
      longestBlockMs: delay.max / 1e6,
      cpu: used,
    };
  } finally {
    await runtime.stop();
    await planner.close();
  }
}

/** The real kind, but for its effects: nothing is heard of machines that are not there. */
function quietNodes(): ActorKind {
  const limits = { ...NODE_LIMITS, startsMax: STARTS_MAX };
  const kind = nodeKind({ limits } as NodeWorld);
  const silent = { run: () => new Promise<never>(() => {}), deadlineMs: null, attempts: 1 };
  return { ...kind, effects: Object.fromEntries(Object.keys(kind.effects).map((name) => [name, silent])) };
}

async function makeNodes({ actors }: Runtime): Promise<void> {
  const by = { accountId: ACCOUNT, name: 'bench', admin: true };
  const make = (n: number) => {
    const id = idOf(0, n);
    const input = { id, name: `node-${n}`, kind: 'local', engine: 'simulated', ramMb: NODE_RAM_MB, cpus: 16 };
    return actors.create(`node/${id}`, input, 'create', { by });
  };
  for (let from = 0; from < NODES; from += BATCH) {
    await Promise.all(Array.from({ length: Math.min(BATCH, NODES - from) }, (_, at) => make(from + at)));
  }
}

const idOf = (series: number, n: number): string =>
  `00000000-0000-7000-8${String(series).padStart(3, '0')}-${String(n).padStart(12, '0')}`;

/** As the queue does it: one batch is planned at a time, others are committed meanwhile, and who is refused is planned again. */
async function fill({ actors }: Runtime, planner: Planner, picture: FleetPicture) {
  const counts = { placed: 0, refused: 0 };
  const desks = createDesks({ ask: actors.ask, askMs: ASK_MS });
  const waiting = Array.from({ length: SERVERS }, (_, n) => n);
  const askOf = (n: number) => KINDS[n % KINDS.length] as Resources;
  let planning: Promise<unknown> = Promise.resolve();

  async function plan(batch: readonly number[]) {
    const nodes = await planner.placeBatch(batch.map(askOf));
    const until = systemPorts.clock.now() + ASK_MS;
    const chosen = nodes.map((nodeId, at) => ({ n: batch[at] as number, nodeId: nodeId as string }));
    for (const { n, nodeId } of chosen) picture.expect(idOf(1, n), { nodeId, ask: askOf(n), until });
    return chosen;
  }

  async function reserve(n: number, nodeId: string): Promise<void> {
    const placement = await desks.reserve(nodeId, { serverId: idOf(1, n), epoch: 1, startMs: START_MS, ...askOf(n) });
    picture.settled(idOf(1, n));
    counts[placement.placed ? 'placed' : 'refused'] += 1;
    if (!placement.placed) waiting.push(n);
  }

  async function worker(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      const planned = planning.then(() => plan(batch));
      planning = planned;
      await Promise.all((await planned).map(({ n, nodeId }) => reserve(n, nodeId)));
    }
  }

  await Promise.all(Array.from({ length: AHEAD }, worker));
  return counts;
}

const overcommitted = (picture: FleetPicture): number =>
  picture.nodes().filter(({ context }) => {
    const held = heldOn(context);
    return held.ramMb > usableRamMb(sizeOf(context).ramMb, held.servers);
  }).length;
