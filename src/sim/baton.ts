/** One life of Baton, built of the same parts and in the same order as `src/baton.ts`, with the simulation below it. */
import { nodeLimits } from '../../config/fleet.ts';
import type { Settings } from '../../config/settings.ts';
import type { Ports } from '../actors/ports.ts';
import { createRuntime } from '../actors/runtime.ts';
import type { Principal } from '../actors/types.ts';
import { createConductor } from '../conductor/conductor.ts';
import { createFleet, createFleetReads, createPicture, followNodes } from '../conductor/fleet/index.ts';
import type { Games } from '../conductor/interfaces/games.ts';
import type { Machine as Node } from '../conductor/interfaces/machines.ts';
import { ensureNodeActor, type NodeSize, nodeKind } from '../conductor/node/kind.ts';
import { createLeaseBook } from '../conductor/node/lease-book.ts';
import type { NodeWorld } from '../conductor/node/world.ts';
import { createQueuePicture, ensureQueue, followQueue, hintQueue, queueKind } from '../conductor/queue/index.ts';
import { serverKind } from '../conductor/server/kind.ts';
import { createObserver } from '../conductor/server/observer.ts';
import type { ServerWorld } from '../conductor/server/world.ts';
import type { Conductor } from '../conductor/types.ts';
import { createMachines } from '../fleet-machines.ts';
import type { NodeMachine, SshTarget } from '../machines/node/index.ts';
import type { ServerMachine } from '../machines/server/index.ts';
import { createFleetMemory, createInlinePlanner } from '../planner/index.ts';
import type { DatabaseClient } from './database.ts';
import type { Seams } from './defects/index.ts';
import { sleeper, timeouts } from './waiting.ts';

export interface BatonParts {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly database: DatabaseClient;
  readonly games: Games;
  readonly seams: Seams;
  /** The statecharts, which are pure and the same in every life. */
  readonly machines: { readonly server: ServerMachine; readonly node: NodeMachine };
  /** The machine that Baton runs on. */
  readonly home: { readonly name: string; readonly size: NodeSize; readonly node: (nodeId: string) => Node };
  /** Builds what speaks to another machine. */
  readonly remote: (node: { readonly id: string; readonly name: string; readonly ssh: SshTarget }) => Node;
  readonly system: Principal;
  /** Names the process in the shard leases. */
  readonly owner: string;
  readonly report: (message: string, details: Record<string, unknown>) => void;
  readonly leaseLost: () => void;
}

export interface SimBaton {
  readonly conductor: Conductor;
  /** Whether it serves, as far as it knows. */
  healthy(): boolean;
}

/** Throws what keeps a start from succeeding, such as `unavailable` and `database_in_use`; the process then ends. */
export async function startSimBaton(parts: BatonParts): Promise<SimBaton> {
  const { ports, settings, database, games, system, report, seams } = parts;
  const { reads, repositories } = database;
  const { clock } = ports;

  const { name, size } = parts.home;
  const row = await repositories.upsertNode({ name, engine: 'simulated', ...size });
  const local = parts.home.node(row.id);
  const machines = createMachines({ local: [local], remote: parts.remote });
  for (const { id, name, ssh } of await repositories.nodes()) if (ssh !== null) machines.add({ id, name, ssh });

  const shared = {
    ask: (address, event, options) => runtime.actors.ask(address, event, options),
    sleep: sleeper(clock),
    timeout: timeouts(clock),
  } satisfies Pick<ServerWorld & NodeWorld, 'ask' | 'sleep' | 'timeout'>;
  const limits = nodeLimits(settings.fleet);
  const memory = createFleetMemory();
  const planner = createInlinePlanner({ memory, strategy: settings.conductor.strategy });
  const picture = createPicture({ memory, clock, startsMax: limits.startsMax });
  const queue = createQueuePicture(clock);
  const { kind: engine } = local.host.engine;
  const { placeTries: tries, askMs } = settings.conductor;
  const fleet = createFleet({ picture, planner, queue, ask: shared.ask, clock, engine, tries, askMs });
  const world: ServerWorld = {
    ...shared,
    games,
    fleet,
    ports: repositories,
    settings: {
      ...settings.conductor,
      portRange: { from: settings.node.portRange.first, to: settings.node.portRange.last },
      publishAddress: settings.node.publishAddress,
      announceMs: settings.server.announceMs,
    },
    node: (id) => machines.of(id).host,
    nodes: () => machines.all().map(({ host }) => host),
  };
  const book = createLeaseBook();
  const leases = seams.leases?.(book) ?? book;
  const nodeWorld: NodeWorld = {
    ...shared,
    machines,
    keys: repositories,
    limits,
    leases,
    clock,
    mayGrant: () => runtime.isSure(),
  };
  const node = nodeKind(nodeWorld, parts.machines.node);
  const kinds = [
    serverKind(world, settings.server, parts.machines.server),
    seams.nodeKind?.(node, clock) ?? node,
    queueKind({ queue, picture, planner, engine, clock, limits: settings.queue }),
  ];
  const runtime = createRuntime({
    store: database.store,
    kinds,
    ports,
    limits: settings.actors,
    owner: parts.owner,
    report,
    leaseLost: parts.leaseLost,
  });
  followQueue(runtime, queue);
  // Before anything is picked up again: whoever was given room before looks for it there.
  await followNodes(runtime, reads, picture);
  await runtime.start();
  await ensureQueue(runtime.actors, system);
  await ensureNodeActor(runtime.actors, local.host, size, system);
  hintQueue(runtime.actors, picture, queue, leases);

  machines.onEach(({ host }, gone) => {
    const { send } = runtime.actors;
    createObserver({ ...settings.conductor, ...world, node: host, reads, send, clock, report }).start(gone);
  });
  const { host } = local;
  const conductor = createConductor({
    runtime,
    kinds,
    world,
    reads,
    fleet: createFleetReads({ picture, fleet, queue, reads, clock, startsMax: limits.startsMax }),
    deadLetters: database.deadLetters,
    keys: repositories,
    newId: ports.id,
    node: { id: host.id, name: host.name, engine: host.engine.kind, ...size },
    notes: [],
    publicHost: 'games.example',
  });
  return { conductor, healthy: runtime.healthy };
}
