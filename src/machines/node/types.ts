/** The words of the node's statechart. For now it owns the node's room; life, connection and pressure come with more nodes. */
import type { OperationRef, Stamped } from '../../actors/verbs.ts';

export interface NodeInput {
  readonly id: string;
  readonly name: string;
  readonly engine: 'docker' | 'simulated';
  readonly ramMb: number;
  readonly cpus: number;
  /** The operation that made it, if one did; it ends at once. */
  readonly operation?: OperationRef;
}

export interface Reservation {
  /** The server's epoch that it was made for. */
  readonly epoch: number;
  readonly ramMb: number;
  /** In cores; 0 is unlimited. Written down, but no reason to refuse: cores are shared by weight. */
  readonly cpu: number;
}

export interface NodeContext {
  readonly id: string;
  readonly name: string;
  readonly engine: 'docker' | 'simulated';
  readonly ramMb: number;
  readonly cpus: number;
  /** Kept for the machine itself; see `capacity.ts`. */
  readonly reserveRamMb: number;
  /** By server id. What is allocated is their sum, never a counter beside them. */
  readonly reservations: Readonly<Record<string, Reservation>>;
  /** The highest epoch that each server gave back. A request that comes in later than that, with no higher epoch, is stale. */
  readonly released: Readonly<Record<string, number>>;
  /** The last servers that were purged: a request of one that is still under way gets nothing. */
  readonly forgotten: readonly string[];
  /** Servers that found no room, first come first; each once. */
  readonly waiting: readonly { readonly serverId: string; readonly ramMb: number }[];
}

/** What `reserve` replies. */
export type Placement = { readonly placed: true } | { readonly placed: false; readonly reason: string };

export type NodeEvent =
  | (Stamped & { type: 'reserve'; serverId: string } & Reservation)
  /** The server's room of this epoch or an older one is free, and it waits for none. */
  | (Stamped & { type: 'release'; serverId: string; epoch: number })
  /** The server is purged. */
  | (Stamped & { type: 'forget'; serverId: string })
  /** The machine's size was read again. */
  | (Stamped & { type: 'resize'; ramMb: number; cpus: number });
