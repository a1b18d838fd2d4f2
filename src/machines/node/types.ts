/** The words of the node's statechart: what it remembers, what it is told, and which effects it starts. */
import type { Commanded, OperationRef, Stamped } from '../../actors/verbs.ts';
import type { StoredError } from '../../errors.ts';
import type { Resources } from '../../planner/fit.ts';
import type { FenceProof } from '../fleet/lease.ts';
import type { ShownContainer } from '../fleet/types.ts';

export const NODE_KINDS = ['dedicated', 'cloud', 'local', 'spare'] as const;
/** `local` is the machine that Baton runs on: nothing is installed there, and its lease is our own life. */
export type NodeKind = (typeof NODE_KINDS)[number];

export const NODE_COMMANDS = [
  'bootstrap',
  'cordon',
  'uncordon',
  'drain',
  'undrain',
  'sync',
  'label',
  'decommission',
  'remove',
] as const;
export type NodeCommand = (typeof NODE_COMMANDS)[number];

/** How a machine is reached. The private key is the conductor's, kept under the node's id. */
export interface SshTarget {
  readonly hostname: string;
  readonly user: string;
  readonly port: number;
  /** Where its engine listens on it, such as `unix:///run/docker.sock`; null for Docker's usual socket. */
  readonly dockerHost: string | null;
  /** Directory of Baton's helper and of the worlds on it; null for the usual one. */
  readonly root: string | null;
}

export interface NodeInput {
  readonly id: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly engine: 'docker' | 'simulated';
  /** 0 while not known; bootstrapping finds out. */
  readonly ramMb: number;
  readonly cpus: number;
  readonly diskMb?: number;
  readonly at: number;
  /** System nodes take no servers. */
  readonly system?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  /** Absent for the local machine, and for a cloud machine that has to be requested first. */
  readonly ssh?: SshTarget;
  /** The operation that adds it; ends when it is ready, or has failed. */
  readonly operation?: OperationRef;
}

/** What a node keeps for a server. A resource of 0 is not limited, and none of it is kept. */
export interface Reservation extends Resources {
  /** The server's epoch that it was made for. */
  readonly epoch: number;
  /** While its server starts: when it goes back unless the server holds it by then, Unix ms. Null once it does. */
  readonly startsUntil: number | null;
  /** It took the place of room that the server held, which stays its own when the start comes to nothing. */
  readonly kept?: boolean;
}

/** How short a node is of each. `critical` is a disk that has to be cleaned at once; `silent` an engine that does not answer. */
export interface Pressure {
  readonly disk: 'calm' | 'high' | 'critical';
  readonly memory: 'calm' | 'high';
  readonly cpu: 'calm' | 'high';
  readonly engine: 'calm' | 'silent';
}

/** What a node answered to one heartbeat. `disk`, `memory` and `cpu` are shares in use, 0 to 1; see `limits.ts`. */
export interface Reading {
  readonly bootId: string;
  /** The node's own monotonic clock, in ms: what the next grant is anchored at. */
  readonly clockMs: number;
  readonly disk: number;
  readonly memory: number;
  readonly cpu: number;
  readonly ramMb: number;
  readonly cpus: number;
  /** Of the disk that worlds lie on; absent when it was not measured. */
  readonly diskMb?: number;
  /** Whether somebody there freezes all of its servers when the lease ends; see `guarded` of the context. */
  readonly guarded: boolean;
  /** Whether its engine has not answered for several beats; `containers` is then what it said last. */
  readonly engineSilent: boolean;
  readonly containers: readonly ShownContainer[];
}

/** A proof that no copy of the lease before can be running there. */
export interface Fence {
  readonly proof: FenceProof;
  /** Unix ms. */
  readonly at: number;
}

export interface NodeContext {
  readonly id: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly engine: 'docker' | 'simulated';
  readonly system: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly ssh: SshTarget | null;
  /** Pinned by the first bootstrap. Another one is an alarm, never accepted. */
  readonly hostKey: string | null;
  /** 0 while not known, as with the other two. */
  readonly ramMb: number;
  readonly cpus: number;
  readonly diskMb: number;
  /** Kept for the machine itself; see `fit.ts` of the planner. */
  readonly reserveRamMb: number;
  /** By server id. What is allocated is their sum, never a counter beside them. */
  readonly reservations: Readonly<Record<string, Reservation>>;
  /** The highest epoch that each server gave back. A request that comes in later than that, with no higher epoch, is stale. */
  readonly released: Readonly<Record<string, number>>;
  /** The last servers that were purged: a request of one that is still under way gets nothing. */
  readonly forgotten: readonly string[];

  readonly operation: OperationRef | null;
  /** An operator has cordoned it. */
  readonly cordoned: boolean;
  /** It shall be decommissioned once it is empty. */
  readonly leaves: boolean;
  readonly pressure: Pressure;

  readonly bootId: string | null;
  /**
   * Of the node's lease; stands in every command to it. Rises with every fence, so that what ran under the lease before
   * stays frozen until the node was told what to keep.
   */
  readonly leaseEpoch: number;
  /** When the last answer to a heartbeat was received, Unix ms; at most `leaseNoteMs` older than the truth while it is connected. */
  readonly lastLeaseAt: number | null;
  /** Heartbeats missed in a row. */
  readonly missed: number;
  /** False when its last answer said that nobody there would freeze its servers: then the end of its lease proves nothing. */
  readonly guarded: boolean;
  /** Since when its servers do not know how they are (Unix ms); null while they do. */
  readonly awaySince: number | null;
  /** It has booted since its servers last knew how they are. */
  readonly rebooted: boolean;
  /** Null while something may run under its lease. */
  readonly fence: Fence | null;
  /** The inventory as it was last told. */
  readonly shown: readonly ShownContainer[];
  /** Containers that are not what their rows say, until they are out of the way. */
  readonly settlement: Settlement | null;

  readonly lastError: (StoredError & { readonly at: number }) | null;
  readonly createdAt: number;
  /** When it was first ready; null while it is provisioned. */
  readonly readyAt: number | null;
  /** When it was given up or given back; null while it is a node. */
  readonly removedAt: number | null;
}

/** A server asks for room for one of its epochs. */
export interface ReservationRequest extends Resources {
  readonly serverId: string;
  readonly epoch: number;
  /** How long the server may take to start, by its own deadlines; then its room goes back. */
  readonly startMs: number;
}

/** What `reserve` replies to each request; `busy`: there is room, only that as many start as may at once. */
export type Placement =
  | { readonly placed: true }
  | { readonly placed: false; readonly reason: string; readonly busy?: true };

/** What is to be done with the containers that a node showed; each server's own actor decides, by `reconcile`. */
export interface Settlement {
  /** May run on under the present lease. */
  readonly keep: readonly { readonly serverId: string; readonly epoch: number }[];
  /** Should not run, on the right node: the container ends, its data stays. */
  readonly stop: readonly ShownContainer[];
  /**
   * Lost their place: the container ends and its data is put aside. `newerEpoch` is the one that is not refused; `id` the
   * container's, null where only a world was left.
   */
  readonly quarantine: readonly {
    readonly id: string | null;
    readonly serverId: string;
    readonly newerEpoch: number;
  }[];
}

export type NodeEvent =
  /** Of servers that ask at the same time. Each is answered as if it had asked alone, in this order. */
  | (Stamped & { type: 'reserve'; requests: readonly ReservationRequest[] })
  /**
   * The server's start is over, and it holds the room of this epoch until it releases it: it runs, or its container may. The
   * resources are those of its spec; see `hold` in `ledger.ts`.
   */
  | (Stamped & { type: 'hold'; serverId: string; epoch: number } & Resources)
  /** The server's room of this epoch or an older one is free: it says so itself, or whoever reserved it takes it back at once. */
  | (Stamped & { type: 'release' | 'withdraw'; serverId: string; epoch: number })
  /** The server is purged. */
  | (Stamped & { type: 'forget'; serverId: string })
  /** The machine's size was read again. */
  | (Stamped & { type: 'resize'; ramMb: number; cpus: number; diskMb?: number })
  /** A provider took the request for a machine, or has it running. */
  | (Stamped & { type: 'machine.requested' })
  | (Stamped & { type: 'machine.booted'; ssh: SshTarget })
  /** From `heartbeat`: a reading that matters (`isNews`), and when it was received, Unix ms. */
  | (Stamped & { type: 'beat'; reading: Reading; receivedAt: number })
  /** From `heartbeat`: so many in a row; and when the last reading was received, null for none since it began. */
  | (Stamped & { type: 'beat.missed'; streak: number; lastLeaseAt: number | null })
  /** Sets up again what failed to be set up. */
  | (Commanded & { type: 'bootstrap'; ssh?: SshTarget })
  | (Commanded & { type: 'cordon' | 'uncordon' | 'drain' | 'undrain' | 'sync' | 'decommission' | 'remove' })
  | (Commanded & { type: 'label'; labels: Readonly<Record<string, string>> });

/** Facts that most effects need; a copy of the context's. */
export interface NodeFacts {
  readonly nodeId: string;
  readonly name: string;
  readonly kind: NodeKind;
  readonly ssh: SshTarget | null;
  readonly hostKey: string | null;
  readonly leaseEpoch: number;
}

/**
 * Every effect of the node: name, input, output. The id of the invocation is the name. Each fails with a `StoredError`.
 * Those without a deadline live as long as the state that asked for them.
 */
export interface NodeEffects {
  /** Pins the host key, installs what is missing, uploads the helper, starts the watchdog. Each step is a progress. */
  bootstrap: {
    input: NodeFacts;
    output: {
      hostKey: string;
      bootId: string;
      /** The highest that the machine has ever seen; 0 for one that was never a node. */
      leaseEpoch: number;
      ramMb: number;
      cpus: number;
      diskMb?: number;
    };
  };
  /**
   * A round trip each `lease.beatMs`, for as long as the node is connected: no deadline, never ends by itself. Each is sent
   * under `leaseEpoch` and grants `grantUntil(clockMs of the last answer received)`; nobody else ever grants. A beat that is
   * not answered within `lease.beatMs` is missed, and its answer is worth nothing when it comes later: sends `beat.missed`.
   * So it does when the node answers and takes no lease although it has a watchdog: its servers freeze all the same.
   * Sends `beat` when `isNews` says so, starting from `known`. It grants nothing once its signal has aborted, nor while this
   * process is not sure that it owns the shards: whoever takes them over waits for a lease, counted from then.
   */
  heartbeat: { input: NodeFacts & { known: NodeKnown }; output: never };
  /**
   * Tries to reach the node until it answers, with backoff and without ever granting. Grants of the lease before are over as
   * far as this is concerned: it may not be used to make a `fence` wait anew. No deadline.
   */
  connect: { input: NodeFacts; output: { bootId: string } };
  /**
   * Waits for the first proof that nothing runs under the node's lease. `lease_expired` only when `waitMs` have passed by
   * this process's monotonic clock since the last reading that *this process* received, or, if it has received none, since
   * the effect began: after a restart it waits anew in full, never shorter. `waitMs` null: the lease is no proof. `waitedMs`
   * is what was measured; the statechart checks it. No deadline.
   */
  fence: {
    input: NodeFacts & { waitMs: number | null };
    output: { proof: FenceProof; waitedMs: number };
  };
  /**
   * Reads what is there, and asks each server what becomes of it (`NodeShows`): every container, and every world, also that of
   * a container that was asked about. What is to be held is in no list. Grants nothing.
   */
  readInventory: {
    input: NodeFacts & { recovering: boolean };
    output: { bootId: string; containers: readonly ShownContainer[]; settlement: Settlement };
  };
  /** Tells the node what it may keep, and puts away what it may not. Twice is once. */
  quarantineStrays: { input: NodeFacts & Settlement; output: Record<string, never> };
  /** Removes unused images and rotated logs. */
  cleanDisk: { input: NodeFacts; output: { freedBytes: number } };
  /** Takes Baton off the machine, or gives it back. Permanent `node_not_empty` if rows or the node itself say otherwise. */
  decommission: { input: NodeFacts; output: Record<string, never> };
  /** Tries to reach a removed node; once it answers, ends every container, puts all data aside, takes the helper off. No deadline. */
  wipe: { input: NodeFacts; output: Record<string, never> };
}

/** What the actor knows, as far as heartbeats are concerned; see `isNews`. Times are Unix milliseconds. */
export interface NodeKnown {
  readonly bootId: string | null;
  readonly pressure: Pressure;
  readonly shown: readonly ShownContainer[];
  readonly ramMb: number;
  readonly cpus: number;
  readonly missed: number;
  readonly guarded: boolean;
  readonly lastLeaseAt: number | null;
}
