/**
 * What pages and reports read: rows of the database only, never a node. Implemented in `persistence/reads`.
 * Names are camelCase here; `http/wire.ts` turns them into what the API says.
 */
import type { Address, LiveEvent, Operation, OperationStatus, Turn } from '../../actors/types.ts';
import type { StoredError } from '../../errors.ts';
import type { Fence, NodeConnection, NodeKind, Pressure, SshTarget } from '../../machines/node/index.ts';
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

/** What a server's row says of its container: enough to tell whether what is seen is news. */
export type PlacedServer = Pick<
  ServerRow,
  'id' | 'template' | 'status' | 'nodeId' | 'containerId' | 'dataExists' | 'version'
>;

/** A node. What it is reached with is not part of it. */
export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly engine: 'docker' | 'simulated';
  /** System nodes take no servers. */
  readonly system: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly ssh: SshTarget | null;
  readonly hostKey: string | null;
  /** Of its life. */
  readonly status: string;
  readonly statusDetail: string | null;
  readonly connection: NodeConnection;
  readonly pressure: Pressure;
  /** An operator has cordoned it. */
  readonly cordoned: boolean;
  readonly operationId: string | null;
  readonly ramMb: number;
  readonly cpus: number;
  /** Kept for the machine itself. */
  readonly reserveRamMb: number;
  readonly bootId: string | null;
  readonly leaseEpoch: number;
  /** False when nobody on it would freeze its servers at the end of its lease. */
  readonly guarded: boolean;
  /** When it last answered to a heartbeat; at most a minute older than the truth while it is connected. */
  readonly lastLeaseAt: Date | null;
  /** Since when it has been away; null while it is there. */
  readonly awaySince: Date | null;
  /** The proof that nothing runs there; null while something may. */
  readonly fence: Fence | null;
  readonly lastError: (StoredError & { readonly at: number }) | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly readyAt: Date | null;
  /** Since when Baton has nothing to do with it any more. */
  readonly removedAt: Date | null;
  /** The actor's sequence number. */
  readonly version: number;
}

/** What servers hold of a node. */
export interface ReservationRow {
  readonly serverId: string;
  readonly nodeId: string;
  readonly epoch: number;
  readonly ramMb: number;
  /** In cores. */
  readonly cpu: number;
  readonly diskMb: number;
  /** How many. */
  readonly ports: number;
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
  /** The servers whose home a node is, however many, without soft-deleted ones. */
  placedOn(nodeId: string): Promise<readonly PlacedServer[]>;
  /** Null when it is not there, or soft-deleted. */
  placed(id: string): Promise<PlacedServer | null>;
  /** All nodes by name; removed ones only with `includeRemoved`. A fleet has few enough to be one answer. */
  nodes(options?: { readonly includeRemoved?: boolean }): Promise<readonly NodeRow[]>;
  /** Null when it is not there; removed ones are. */
  node(id: string): Promise<NodeRow | null>;
  /** Of one node, or of all. */
  reservations(nodeId?: string): Promise<readonly ReservationRow[]>;
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
  /** Of the oldest event that is still kept; 0 for none. */
  firstEventSeq(): Promise<number>;
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
