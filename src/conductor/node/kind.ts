import type { AnyMachineSnapshot } from 'xstate';
import type { ActorKind, Actors, EffectFunction, EffectSpec, Principal } from '../../actors/types.ts';
import {
  createNodeMachine,
  migrateNode,
  NODE_COMMANDS_TAKEN,
  type NodeContext,
  type NodeEffects,
  type NodeMachine,
  nodeStatus,
} from '../../machines/node/index.ts';
import type { NodeHost } from '../interfaces/engine.ts';
import {
  NODE_PROJECTION,
  NODE_RESERVATIONS_PROJECTION,
  type NodeReservationsProjection,
} from '../interfaces/stores.ts';
import { heartbeat } from './effects/heartbeat.ts';
import { quarantineStrays, readInventory } from './effects/inventory.ts';
import { connect, fence } from './effects/reach.ts';
import { bootstrap, cleanDisk, decommission, wipe } from './effects/setup.ts';
import { nodeEvents } from './events.ts';
import { nodeRow } from './row.ts';
import type { NodeWorld } from './world.ts';

const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as NodeContext;

/**
 * The node, as the runtime runs it. Its reservations are projected into rows: allocation is their sum.
 * @param machine of the same limits, for whoever starts runtimes all the time
 */
export function nodeKind(world: NodeWorld, machine: NodeMachine = createNodeMachine(world.limits)): ActorKind {
  return {
    kind: 'node',
    machine,
    migrate: migrateNode,
    commands: NODE_COMMANDS_TAKEN,
    effects: nodeEffects(world),
    status: nodeStatus,
    operation: (snapshot) => contextOf(snapshot).operation,
    ownerId: () => null,
    projections: (snapshot) => [
      { name: NODE_PROJECTION, row: nodeRow(snapshot) },
      { name: NODE_RESERVATIONS_PROJECTION, row: { ...reservationsOf(snapshot) } },
    ],
    events: nodeEvents,
  };
}

/** A state's own deadline comes first; an effect that outlives it by this much is cut off in any case. */
const MARGIN_MS = 5_000;

function nodeEffects(world: NodeWorld): Record<keyof NodeEffects, EffectSpec> {
  const { limits } = world;
  const spec = (run: unknown, deadlineMs: number | null, attempts = 1): EffectSpec => ({
    run: run as EffectFunction,
    deadlineMs: deadlineMs === null ? null : deadlineMs + MARGIN_MS,
    attempts,
  });
  return {
    bootstrap: spec(bootstrap(world), limits.bootstrapMs, 3),
    heartbeat: spec(heartbeat(world), null),
    connect: spec(connect(world), null),
    fence: spec(fence(world), null),
    readInventory: spec(readInventory(world), limits.inventoryMs, 2),
    quarantineStrays: spec(quarantineStrays(world), limits.quarantineMs, 2),
    cleanDisk: spec(cleanDisk(world), limits.cleaningMs),
    decommission: spec(decommission(world), limits.decommissionMs),
    wipe: spec(wipe(world), null),
  };
}

function reservationsOf(snapshot: AnyMachineSnapshot): NodeReservationsProjection {
  const { id, reservations } = contextOf(snapshot);
  return {
    nodeId: id,
    reservations: Object.entries(reservations).map(
      ([serverId, { startsUntil: _until, kept: _kept, ...reservation }]) => ({
        serverId,
        ...reservation,
      }),
    ),
  };
}

/** The size that a node's actor must know. */
export interface NodeSize {
  readonly ramMb: number;
  readonly cpus: number;
}

/** Makes the local node's actor at the first start, and tells it the machine's size at each later one. */
export async function ensureNodeActor(actors: Actors, node: NodeHost, size: NodeSize, by: Principal): Promise<void> {
  const address = `node/${node.id}` as const;
  try {
    await actors.ask(address, { type: 'resize', ...size });
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    // The size is what it was: the node takes no notice.
    if (code === 'invalid_transition') return;
    if (code !== 'not_found') throw thrown;
    const input = { id: node.id, name: node.name, kind: 'local', engine: node.engine.kind, ...size };
    await actors.create(address, input, 'create', { by });
  }
}
