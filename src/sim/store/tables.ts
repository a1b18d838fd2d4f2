/** The database's tables, in memory: what a process writes here outlives it. */
import type { NewOperation, StoredMessage } from '../../actors/store.ts';
import type { ActorEvent, Address, LiveEvent, Operation } from '../../actors/types.ts';
import type { DeadLetter, JournalRow, NodeRow, ServerRow } from '../../conductor/interfaces/reads.ts';
import type { AccountRow, NodeReservationsProjection } from '../../conductor/interfaces/stores.ts';
import type { StoredError } from '../../errors.ts';
import type { QueueEntry } from '../../machines/queue/index.ts';
import type { PortRow } from '../../machines/server/types.ts';

export interface ActorRow {
  readonly address: Address;
  readonly kind: string;
  readonly seq: number;
  readonly machineVersion: string;
  readonly status: string;
  /** JSON text. */
  readonly snapshot: string;
  readonly quarantined: StoredError | null;
  readonly updatedAt: Date;
}

export interface TimerRow {
  readonly timerId: string;
  readonly incarnation: number;
  /** Unix milliseconds by the database's clock. */
  readonly dueAt: number;
  /** JSON text. */
  readonly event: string;
}

export interface EffectRow {
  readonly id: string;
  readonly childId: string;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
  readonly deadlineAt: number | null;
}

export interface MessageRow extends Omit<StoredMessage, 'event'> {
  readonly position: number;
  /** JSON text. */
  readonly event: string;
  readonly at: number;
}

export interface OperationRow extends Operation {
  readonly idempotencyKey: string | null;
  readonly fingerprint: string | null;
}

export interface StashRow {
  readonly operationId: string;
  readonly position: number;
  readonly address: Address;
  /** JSON text. */
  readonly event: string;
}

export interface ShardRow {
  readonly owner: string | null;
  readonly epoch: number;
  readonly expiresAt: number;
}

export type ReservationRow = NodeReservationsProjection['reserved'][number] & { readonly nodeId: string };

export interface HeldPort extends PortRow {
  readonly nodeId: string;
  readonly serverId: string;
}

export interface Tables {
  readonly accounts: Map<string, AccountRow>;
  readonly nodes: Map<string, NodeRow>;
  /** Private keys by node. */
  readonly nodeKeys: Map<string, string>;
  readonly shards: Map<number, ShardRow>;
  readonly actors: Map<Address, ActorRow>;
  /** By address; the outer maps keep empty inner ones. */
  readonly timers: Map<Address, Map<string, TimerRow>>;
  readonly effects: Map<Address, Map<string, EffectRow>>;
  readonly messages: Map<string, MessageRow>;
  readonly stash: Map<string, StashRow>;
  readonly operations: Map<string, OperationRow>;
  /** `account key` → operation. */
  readonly operationKeys: Map<string, string>;
  readonly journal: Map<Address, JournalRow[]>;
  readonly deadLetters: Map<string, DeadLetter>;
  readonly events: LiveEvent[];
  readonly servers: Map<string, ServerRow>;
  /** By server and node. */
  readonly reservations: Map<string, ReservationRow>;
  readonly queue: Map<string, QueueEntry>;
  /** By node, protocol and number. */
  readonly ports: Map<string, HeldPort>;
  /** Numbers that are handed out also by what is rolled back. */
  readonly sequences: { journal: number; event: number; message: number; stash: number };
}

export const emptyTables = (): Tables => ({
  accounts: new Map(),
  nodes: new Map(),
  nodeKeys: new Map(),
  shards: new Map(),
  actors: new Map(),
  timers: new Map(),
  effects: new Map(),
  messages: new Map(),
  stash: new Map(),
  operations: new Map(),
  operationKeys: new Map(),
  journal: new Map(),
  deadLetters: new Map(),
  events: [],
  servers: new Map(),
  reservations: new Map(),
  queue: new Map(),
  ports: new Map(),
  sequences: { journal: 0, event: 0, message: 0, stash: 0 },
});

export const keyOf = (accountId: string, key: string): string => `${accountId} ${key}`;

export const plainOperation = ({ idempotencyKey: _key, fingerprint: _print, ...operation }: OperationRow): Operation =>
  operation;

/** The row of an operation that begins. */
export const begunOperation = (
  { id, command, accountId, idempotencyKey, fingerprint }: NewOperation,
  target: Address,
  message: string | null,
  now: number,
): OperationRow => ({
  id,
  command,
  target,
  accountId,
  status: 'running',
  progress: null,
  message,
  error: null,
  createdAt: new Date(now),
  finishedAt: null,
  idempotencyKey,
  fingerprint,
});

export const eventOf = (text: string): ActorEvent => JSON.parse(text) as ActorEvent;
