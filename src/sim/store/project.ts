/** The read models, written in the same transaction as the turns that change them. */
import type { TurnCommit } from '../../actors/store.ts';
import type { NodeRow, ServerRow } from '../../conductor/interfaces/reads.ts';
import {
  NODE_PROJECTION,
  NODE_RESERVATIONS_PROJECTION,
  type NodeReservationsProjection,
  QUEUE_PROJECTION,
  SERVER_PROJECTION,
} from '../../conductor/interfaces/stores.ts';
import type { QueueEntry } from '../../machines/queue/index.ts';
import { toJsonb } from '../../persistence/json.ts';
import type { Tables } from './tables.ts';
import { ConstraintViolation, type Transaction } from './transaction.ts';

/** Columns that are times, whose projected values may be Unix milliseconds. */
const SERVER_TIMES = [
  'queuedAt',
  'nextAttemptAt',
  'createdAt',
  'startedAt',
  'stoppedAt',
  'deletedAt',
  'purgeAt',
] as const;
const NODE_TIMES = ['lastLeaseAt', 'awaySince', 'createdAt', 'readyAt', 'removedAt'] as const;

/** Throws for a projection that there is no table for, and for a row that names an owner or a node that is not there. */
export function project(tables: Tables, turns: readonly TurnCommit[], now: number, tx: Transaction): void {
  for (const { address, seq, projections } of turns) {
    for (const { name, row } of projections) {
      const id = address.slice(address.indexOf('/') + 1);
      if (name === SERVER_PROJECTION) projectServer(tables, id, row, seq, now, tx);
      else if (name === NODE_PROJECTION) projectNode(tables, id, row, seq, now, tx);
      else if (name === NODE_RESERVATIONS_PROJECTION) projectReservations(tables, id, row, tx);
      else if (name === QUEUE_PROJECTION) projectQueue(tables, row, tx);
      else throw new TypeError(`There is no statement for the projection "${name}".`);
    }
  }
}

type Row = TurnCommit['projections'][number]['row'];

function projectServer(tables: Tables, id: string, row: Row, version: number, now: number, tx: Transaction): void {
  if (row === null) {
    tx.delete(tables.servers, id);
    for (const [key, { serverId }] of tables.ports) if (serverId === id) tx.delete(tables.ports, key);
    return;
  }
  const server = { ...stored(row, SERVER_TIMES), version, updatedAt: new Date(now) } as unknown as ServerRow;
  if (!tables.accounts.has(server.ownerId)) throw new ConstraintViolation(`servers_owner_id_fkey ${server.ownerId}`);
  checkNode(tables, 'servers', server.nodeId);
  tx.set(tables.servers, id, server);
}

function projectNode(tables: Tables, id: string, row: Row, version: number, now: number, tx: Transaction): void {
  if (row === null) {
    tx.delete(tables.nodes, id);
    return;
  }
  const node = { ...stored(row, NODE_TIMES), version, updatedAt: new Date(now) } as unknown as NodeRow;
  const isTaken = [...tables.nodes.values()].some(
    (other) => other.id !== id && other.name === node.name && other.removedAt === null && node.removedAt === null,
  );
  if (isTaken) throw new ConstraintViolation(`nodes_name_key ${node.name}`);
  tx.set(tables.nodes, id, node);
}

/** The row as it comes back from JSON, with its times. */
function stored(row: NonNullable<Row>, times: readonly string[]): Record<string, unknown> {
  const plain = JSON.parse(toJsonb(row)) as Record<string, unknown>;
  for (const time of times) if (plain[time] !== null) plain[time] = new Date(plain[time] as number);
  return plain;
}

/** A server that fails over has room on two nodes for a while. */
function projectReservations(tables: Tables, id: string, row: Row, tx: Transaction): void {
  const { reserved, released } = row as unknown as NodeReservationsProjection;
  for (const serverId of released) tx.delete(tables.reservations, `${serverId} ${id}`);
  if (reserved.length > 0) checkNode(tables, 'reservations', id);
  for (const reservation of reserved) {
    tx.set(tables.reservations, `${reservation.serverId} ${id}`, { ...reservation, nodeId: id });
  }
}

/** The queue's list replaces the one before. */
function projectQueue({ queue }: Tables, row: Row, tx: Transaction): void {
  const entries = (row?.entries ?? []) as readonly QueueEntry[];
  const waiting = new Set(entries.map(({ serverId }) => serverId));
  for (const serverId of queue.keys()) if (!waiting.has(serverId)) tx.delete(queue, serverId);
  for (const entry of entries) tx.set(queue, entry.serverId, entry);
}

function checkNode({ nodes }: Tables, table: string, nodeId: string | null): void {
  if (nodeId !== null && !nodes.has(nodeId)) throw new ConstraintViolation(`${table}_node_id_fkey ${nodeId}`);
}
