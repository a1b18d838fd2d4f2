/** What pages and reports read of the fleet as a whole: what was committed, never a node itself. */
import type { NodeConnection, NodeKind } from '../../machines/node/index.ts';
import type { QueueEntry } from '../../machines/queue/index.ts';

/** RAM as fleet.md counts it, in MB. */
export interface Capacity {
  readonly ramMb: number;
  /** Less what machines keep for themselves. */
  readonly usableRamMb: number;
  readonly reservedRamMb: number;
  /** Usable and not reserved; of the fleet, on nodes that take servers now. */
  readonly availableRamMb: number;
  /** Of what is usable, 0 to 1; more when a machine shrank. */
  readonly utilisation: number;
}

export interface NodeCapacity extends Capacity {
  readonly id: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly engine: 'docker' | 'simulated';
  readonly status: string;
  readonly connection: NodeConnection;
  readonly pressure: string;
  /** Carries Baton itself and no servers; its RAM is in no sum. */
  readonly system: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Cores; of both, null while not known. */
  readonly cpus: number | null;
  readonly diskMb: number | null;
  readonly reservedCpus: number;
  readonly reservedDiskMb: number;
  /** With room there, those that start among them. */
  readonly servers: number;
  readonly starting: number;
  readonly startsMax: number;
  /** The waiting server that alone may go there now. */
  readonly heldFor: string | null;
}

export interface FleetView extends Capacity {
  readonly servers: number;
  readonly queued: number;
  readonly nodes: readonly NodeCapacity[];
}

export interface QueueView {
  /** False while inventories are read after a start: until then nobody is placed. */
  readonly open: boolean;
  /** In the order in which they are served. */
  readonly entries: readonly QueuedServer[];
}

export interface QueuedServer extends QueueEntry {
  /** From 1. */
  readonly position: number;
  /** Unix ms; null when nobody can say. */
  readonly eta: number | null;
}

/** What is asked for; absent is nothing. */
export interface PlacementQuestion {
  readonly ramMb: number;
  readonly cpu?: number;
  readonly diskMb?: number;
  /** `name=value`, all of which the node must have. */
  readonly labels?: readonly string[];
}

export interface NodeVerdict {
  readonly nodeId: string;
  readonly name: string;
  /** 1 for the node that would be chosen; null for one that will not do. */
  readonly rank: number | null;
  /** Why not, as sentences; empty for one that will do. */
  readonly reasons: readonly string[];
  /** What the order comes from, where there is a rank: dedicated before cloud, then the lowest key. */
  readonly score: { readonly machines: 'dedicated' | 'cloud'; readonly key: number } | null;
  /** What one more server may have; null for what never runs out or is not known. */
  readonly free: { readonly ramMb: number; readonly cpu: number | null; readonly diskMb: number | null };
}

export interface FleetReads {
  fleet(): Promise<FleetView>;
  /** Throws `unavailable` while the database does not answer. */
  queue(): Promise<QueueView>;
  /** Every node, those that will do first. Throws what the planner throws. */
  explain(question: PlacementQuestion): Promise<readonly NodeVerdict[]>;
}
