import type { AnyMachineSnapshot } from 'xstate';
import type { ActorEvent, ActorKind, Actors, EffectSpec, PendingEvent, Principal } from '../../actors/types.ts';
import { isReserved } from '../../actors/xstate.ts';
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
import { NODE_RESERVATIONS_PROJECTION, type NodeReservationsProjection } from '../interfaces/stores.ts';

const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as NodeContext;

/** The machine that Baton runs on is there for as long as we are, so there is nothing to hear of it. */
const LOCAL_EFFECTS: Partial<Record<keyof NodeEffects, EffectSpec>> = {
  heartbeat: { run: () => new Promise<never>(() => {}), deadlineMs: null, attempts: 1 },
};

/** The node, as the runtime runs it. Its reservations are projected into rows: allocation is their sum. */
export function nodeKind(machine: NodeMachine = createNodeMachine()): ActorKind {
  return {
    kind: 'node',
    machine,
    migrate: migrateNode,
    commands: NODE_COMMANDS_TAKEN,
    effects: LOCAL_EFFECTS,
    status: nodeStatus,
    operation: (snapshot) => contextOf(snapshot).operation,
    ownerId: () => null,
    projections: (snapshot) => [{ name: NODE_RESERVATIONS_PROJECTION, row: { ...reservationsOf(snapshot) } }],
    events: nodeEvents,
  };
}

/** What pages are told when a turn changed how a node is. */
function nodeEvents(
  before: AnyMachineSnapshot | undefined,
  after: AnyMachineSnapshot,
  event: ActorEvent,
): readonly PendingEvent[] {
  const { id, name, fence, lastError } = contextOf(after);
  const say = (type: string, data: Record<string, unknown>): PendingEvent => ({
    type: `node.${type}`,
    subject: { kind: 'node', id },
    ownerId: null,
    data: { id, name, ...data },
  });
  const { status, detail, connection, pressure } = nodeStatus(after);
  if (before === undefined) return [say('created', { status, connection })];
  if (after.status !== 'active') return [say('removed', {})];
  const was = nodeStatus(before);
  const isSame = status === was.status && detail === was.detail && connection === was.connection;
  if (isSame && pressure === was.pressure) return [];
  const fault = lastError !== contextOf(before).lastError ? lastError : null;
  return [
    say('status_changed', {
      old_status: was.status,
      status,
      status_detail: detail,
      old_connection: was.connection,
      connection,
      pressure,
      fence: fence === null ? null : { proof: fence.proof, at: new Date(fence.at).toISOString() },
      cause: isReserved(event.type) ? null : event.type,
      error: fault === null ? null : { code: fault.code, message: fault.message },
    }),
  ];
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
    const input = { id: node.id, name: node.name, kind: 'local', engine: node.engine.kind, ...size };
    await actors.create(address, input, 'create', { by });
  }
}
