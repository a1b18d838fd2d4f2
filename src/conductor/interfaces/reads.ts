/**
 * What pages and reports read: rows of the database only, never a node. Implemented in `persistence/reads`.
 * Names are camelCase here; `http/wire.ts` turns them into what the API says.
 */
import type { Address, LiveEvent, Operation, OperationStatus, Turn } from '../../actors/types.ts';
import type { StoredError } from '../../errors.ts';
import type { QueueEntry } from '../../machines/queue/index.ts';
import type { PortRow, ServerSpec, ServerStatus } from '../../machines/server/types.ts';

/** A server. `env` is there with its secrets; the door masks them. */
export interface ServerRow extends Omit<ServerSpec, 'bootSeconds' | 'graceSeconds'> {
  readonly id: string;
  readonly ownerId: string;
  readonly status: ServerStatus;
  readonly statusDetail: string | null;
  readonly operationId: string | null;
  readonly nodeId: string | null;
  readonly engine: 'docker' | 'simulated' | null;
  readonly containerId: string | null;
  readonly epoch: number;
  readonly ports: readonly PortRow[];
  readonly dataExists: boolean | null;
  readonly dataBytes: number | null;
  readonly players: number | null;
  readonly restartPending: boolean;
  readonly lastError: (StoredError & { readonly at: number }) | null;
  readonly queuedAt: Date | null;
  readonly attempt: number;
  readonly nextAttemptAt: Date | null;
  /** How the container last ended, with the last 50 lines it wrote. */
  readonly exit: {
    readonly exitCode: number | null;
    readonly oomKilled: boolean;
    readonly logTail: readonly string[];
    readonly at: number;
  } | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt: Date | null;
  readonly stoppedAt: Date | null;
  /** Since when its node is lost, and when that last confirmed its lease; both null unless it is `lost`. */
  readonly lostSince: Date | null;
  readonly lastLeaseAt: Date | null;
  readonly deletedAt: Date | null;
  readonly purgeAt: Date | null;
  /** The actor's sequence number, for `If-Match`. */
  readonly version: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** Opaque; null at the end. */
  readonly nextCursor: string | null;
}

/** `sort` is a column in camelCase, with `-` before it for descending. */
export interface PageRequest {
  readonly limit: number;
  readonly offset?: number;
  readonly cursor?: string;
  readonly sort?: string;
}

export interface ServerFilter {
  readonly statuses?: readonly string[];
  readonly nodeId?: string;
  readonly ownerId?: string;
  /** Part of the name, any case. */
  readonly q?: string;
  readonly includeDeleted?: boolean;
}

/** A committed turn as the journal keeps it. */
export interface JournalRow extends Turn {
  readonly id: string;
}

export interface ActorRow {
  readonly address: Address;
  readonly kind: string;
  readonly seq: number;
  readonly status: string;
  readonly quarantined: StoredError | null;
  readonly updatedAt: Date;
}

export interface DeadLetter {
  readonly id: string;
  readonly address: Address;
  readonly event: { readonly type: string; readonly [key: string]: unknown };
  readonly error: StoredError;
  readonly attempts: number;
  readonly at: Date;
}

export interface OperationFilter {
  readonly status?: OperationStatus;
  readonly target?: Address;
  readonly accountId?: string;
}

export interface Reads {
  /** Throws `unavailable` while the database does not answer, like every method here. */
  ping(): Promise<void>;
  servers(filter: ServerFilter, page: PageRequest): Promise<Page<ServerRow>>;
  /** Null when it is not there or purged. Soft-deleted ones only with `includeDeleted`. */
  server(id: string, options?: { readonly includeDeleted?: boolean }): Promise<ServerRow | null>;
  operations(filter: OperationFilter, page: PageRequest): Promise<Page<Operation>>;
  operation(id: string): Promise<Operation | null>;
  journal(address: Address, page: PageRequest): Promise<Page<JournalRow>>;
  actors(
    filter: { readonly kind?: string; readonly quarantined?: boolean },
    page: PageRequest,
  ): Promise<Page<ActorRow>>;
  deadLetters(page: PageRequest): Promise<Page<DeadLetter>>;
  /** Events after `since`, oldest first, at most `limit`, of one owner if `ownerId` is given. */
  events(since: number, limit: number, ownerId?: string): Promise<readonly LiveEvent[]>;
  lastEventSeq(): Promise<number>;
  /** Everybody who waits for room, in no order. */
  queue(): Promise<readonly QueueEntry[]>;
  /** Servers by status, operations by status, dead letters, pending messages: for metrics. */
  counts(): Promise<{
    readonly servers: Readonly<Record<string, number>>;
    readonly operations: Readonly<Record<string, number>>;
    readonly deadLetters: number;
    readonly quarantined: number;
    readonly timers: number;
    readonly effects: number;
    readonly messages: number;
  }>;
}
