import type { AnyMachineSnapshot } from 'xstate';
import type { ActorKind, Actors, Principal } from '../../actors/types.ts';
import { createNodeMachine, type NodeContext } from '../../machines/node/index.ts';
import type { NodeHost } from '../interfaces/engine.ts';
import { NODE_RESERVATIONS_PROJECTION, type NodeReservationsProjection } from '../interfaces/stores.ts';

const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as NodeContext;

/** The node, as the runtime runs it. Its reservations are projected into rows: allocation is their sum. */
export function nodeKind(): ActorKind {
  return {
    kind: 'node',
    machine: createNodeMachine(),
    commands: [],
    effects: {},
    status: ({ value }) => ({ status: String(value), detail: null }),
    operation: () => null,
    ownerId: () => null,
    projections: (snapshot) => [{ name: NODE_RESERVATIONS_PROJECTION, row: { ...reservationsOf(snapshot) } }],
  };
}

function reservationsOf(snapshot: AnyMachineSnapshot): NodeReservationsProjection {
  const { id, reservations } = contextOf(snapshot);
  return {
    nodeId: id,
    reservations: Object.entries(reservations).map(([serverId, reservation]) => ({ serverId, ...reservation })),
  };
}

/** The size that a node's actor must know. */
export interface NodeSize {
  readonly ramMb: number;
  readonly cpus: number;
}

/** Makes the node's actor at the first start, and tells it the machine's size at each later one. */
export async function ensureNodeActor(actors: Actors, node: NodeHost, size: NodeSize, by: Principal): Promise<void> {
  const address = `node/${node.id}` as const;
  try {
    await actors.ask(address, { type: 'resize', ...size });
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    // The size is what it was: the node takes no notice.
    if (code === 'invalid_transition') return;
    if (code !== 'not_found') throw thrown;
    const input = { id: node.id, name: node.name, engine: node.engine.kind, ...size };
    await actors.create(address, input, 'create', { by });
  }
}
