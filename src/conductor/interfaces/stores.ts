/**
 * What the conductor keeps besides the actors themselves. Implemented in `persistence/repositories`. Every call throws
 * `unavailable` (transient) while the database does not answer.
 */
import type { PortRow } from '../../machines/server/types.ts';
import type { EngineKind, Protocol } from './engine.ts';
import type { DeadLetter, NodeRow } from './reads.ts';

export interface AccountRow {
  readonly id: string;
  readonly name: string;
}

export interface AccountStore {
  /** The one admin account; made at the first start, the same ever after. */
  ensureAdmin(): Promise<AccountRow>;
}

/** The machine that Baton runs on. All others are made by their actors. */
export interface NodeFacts {
  readonly name: string;
  readonly engine: EngineKind;
  readonly ramMb: number;
  /** Cores. */
  readonly cpus: number;
}

export interface NodeStore {
  /** Makes the local node of this name, or brings its facts up to date; its id never changes. */
  upsertNode(facts: NodeFacts): Promise<NodeRow>;
  /** All nodes that were not removed, by name. */
  nodes(): Promise<readonly NodeRow[]>;
  /** Keeps the private key that a node is reached with, in place of the one before. */
  saveKey(nodeId: string, privateKey: string): Promise<void>;
  /** Null when there is none. */
  keyOf(nodeId: string): Promise<string | null>;
  /** Dropping what is not there is no error. */
  dropKey(nodeId: string): Promise<void>;
}

export interface WantedPort {
  /** The template's name of the port, such as `game`. */
  readonly name: string;
  readonly protocol: Protocol;
  /** Inside the container, unless `same`. Ports of different protocols with one number here get one number on the node. */
  readonly container: number;
  /** The container's port becomes the node's. */
  readonly same: boolean;
}

export interface PortCandidate {
  readonly protocol: Protocol;
  readonly host: number;
}

export interface PortRequest {
  readonly nodeId: string;
  readonly serverId: string;
  /** Whether the node is the server's home, rather than one that it may move to. */
  readonly atHome: boolean;
  readonly wanted: readonly WantedPort[];
  /** Both ends belong to it. */
  readonly range: { readonly from: number; readonly to: number };
  /** Which of these some process on the node already holds, as keys of `portKey`; see `NodeHost.portsTaken`. */
  taken(candidates: readonly PortCandidate[]): Promise<ReadonlySet<string>>;
  /** Once it has aborted nothing is written any more: whoever asked is perhaps asking anew, and on another node. */
  readonly signal?: AbortSignal;
}

export interface PortStore {
  /**
   * Gives a server its ports on a node, lowest free number first, and keeps them until {@link releasePorts}. Asking again
   * gives the same ports; only names that are new are added. At home those that it has on other nodes are given back in the same
   * transaction. Elsewhere they stay, since it may yet stay at home; once it has moved, the next start there gives them back.
   * Throws `no_ports` (permanent) naming the range, and `server_gone` (permanent) when the server was purged meanwhile.
   */
  reservePorts(request: PortRequest): Promise<readonly PortRow[]>;
  /** In the order of their names. */
  portsOf(serverId: string): Promise<readonly PortRow[]>;
  /** Releasing what is not held is no error. */
  releasePorts(serverId: string): Promise<void>;
}

export interface DeadLetterStore {
  /**
   * Hands the letter to `deliver` and removes it once that has succeeded. When `deliver` throws or the process dies, the
   * letter is still there. Null when there is no such letter, or another call is delivering it right now.
   */
  take(id: string, deliver: (letter: DeadLetter) => Promise<void>): Promise<DeadLetter | null>;
  /** Removes the letter for good. False when there was none. */
  discard(id: string): Promise<boolean>;
}

/** How long ended things are kept, in milliseconds, and how many go at once. */
export interface Retention {
  readonly journalMs: number;
  readonly eventsMs: number;
  /** From the end of the operation. Those with an idempotency key are kept for ever. */
  readonly operationsMs: number;
  readonly deadLettersMs: number;
  /** Removed by one statement: a few milliseconds, so that a sweep never holds up a commit. */
  readonly batchRows: number;
}

/** How many rows a sweep removed. */
export interface SweepCounts {
  readonly journal: number;
  readonly events: number;
  readonly operations: number;
  readonly deadLetters: number;
}

export interface Housekeeping {
  /** Removes what is older than its retention, in small batches; stops between two of them when the signal aborts. */
  sweep(retention: Retention, signal?: AbortSignal): Promise<SweepCounts>;
}

/** The row of a server, as its actor's projection `server` gives it. Times may be Unix milliseconds. */
export const SERVER_PROJECTION = 'server';

/** The row of a node, as its actor's projection `node` gives it. Times may be Unix milliseconds. */
export const NODE_PROJECTION = 'node';

/** What a turn changes in a node's reservations, as its actor's projection `node_reservations` gives it. Its row is never null. */
export const NODE_RESERVATIONS_PROJECTION = 'node_reservations';

export interface NodeReservationsProjection {
  readonly nodeId: string;
  /** New ones, and those that are not what they were. */
  readonly reserved: readonly {
    readonly serverId: string;
    readonly epoch: number;
    readonly ramMb: number;
    readonly cpuMilli: number;
    readonly diskMb: number;
    readonly ports: number;
  }[];
  /** The servers whose room is free. */
  readonly released: readonly string[];
}

/** Who waits for room, as the queue's projection `queue` gives it: the whole list. Times are Unix milliseconds. */
export const QUEUE_PROJECTION = 'queue';
