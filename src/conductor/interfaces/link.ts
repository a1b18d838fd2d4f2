/**
 * What the conductor asks of a node's helper: its lease, what is there, and what to do with what should not be. Implemented
 * over SSH in `nodes/ssh`, and in virtual time in `nodes/simulated`. The machine that Baton runs on has none: its lease is our own life.
 *
 * Every call may throw a `BatonError` of the `nodes` catalogue whose retry class is right (`stale_epoch` is `fenced`), obeys
 * its `AbortSignal`, and is written so that doing it twice is the same as doing it once.
 */
import type { SshTarget } from '../../machines/node/types.ts';
import type { ContainerState } from './engine.ts';

/** What a node says of itself in one answer. */
export interface NodeReading {
  /** Another one than before: the machine was started anew, and nothing of before runs any more. */
  readonly bootId: string;
  /** The node's monotonic clock in ms, read just before the answer was sent. A lease is anchored here. */
  readonly clockMs: number;
  /** The node that the machine was last set up as: another id than the one that is asked for has taken it over. */
  readonly nodeId: string;
  /** The highest lease epoch that the node has seen; 0 before the first. */
  readonly leaseEpoch: number;
  /** Whether the grant of this very heartbeat holds now; null when there was none. */
  readonly granted: boolean | null;
  /** Loops that would freeze every server; 0 also when they do not find one. Then the end of a lease proves nothing. */
  readonly watchdogs: number;
  /** Null when its engine did not answer; that says nothing about what runs. */
  readonly containers: readonly ReadContainer[] | null;
  readonly worlds: readonly { readonly serverId: string; readonly epoch: number; readonly hasData: boolean }[];
  /** Directories that were put aside: `<server>.<epoch>.<UTC time>`. */
  readonly quarantine: readonly string[];
  readonly diskKb: { readonly total: number; readonly free: number };
  readonly memoryKb: { readonly total: number; readonly available: number };
  /** `busyTicks` of `totalTicks` since boot, over all cores; two answers give the use between them. */
  readonly cpu: { readonly count: number; readonly busyTicks: number; readonly totalTicks: number };
}

export interface ReadContainer {
  readonly id: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly state: ContainerState;
  readonly exitCode: number | null;
}

/** Until when a lease lasts. */
export interface Grant {
  /** A clock reading that the node gave us, plus the TTL; in ms of the node's clock. */
  readonly untilMs: number;
  /** The boot that this clock belongs to. */
  readonly bootId: string;
}

/** A server's placement, and the lease under which the command is given. */
export interface PlacementRef {
  readonly serverId: string;
  readonly epoch: number;
  readonly leaseEpoch: number;
}

/** The way to a node as it is set up; its private key is looked up by the node's id. */
export interface NodeTarget {
  readonly nodeId: string;
  readonly name: string;
  readonly ssh: SshTarget;
  /** The one that was pinned; null before the first bootstrap. Another one is refused with `host_key_changed`. */
  readonly hostKey: string | null;
}

export interface NodeLink {
  /** Pins the host key, installs what is missing, uploads the helper, starts the watchdog. `progress` says each step. */
  bootstrap(
    target: NodeTarget,
    progress: (message: string) => void,
    signal: AbortSignal,
  ): Promise<{ hostKey: string; bootId: string; leaseEpoch: number; ramMb: number; cpus: number }>;
  /**
   * Makes sure of the connection to the node, pinned to its host key, and of the helper's version. Fails at once when it cannot
   * be reached; the caller tries again.
   */
  connect(target: NodeTarget, signal: AbortSignal): Promise<NodeReading>;
  /** One beat. With a grant, the lease lasts until then; without, only the epoch is told. */
  heartbeat(leaseEpoch: number, grant: Grant | null, signal: AbortSignal): Promise<NodeReading>;
  /** What is there; tells the node nothing. */
  observe(signal: AbortSignal): Promise<NodeReading>;
  /** What ran under an older lease and has still the right epoch goes on, as soon as a lease lasts. */
  keep(placement: PlacementRef, signal: AbortSignal): Promise<void>;
  /** Should not run, though it is where it belongs: its container ends, frozen or not, and its data stays. */
  stop(placement: PlacementRef, signal: AbortSignal): Promise<void>;
  /** `epoch` is the newer one: containers that are older go, older data is put aside. */
  quarantine(placement: PlacementRef, signal: AbortSignal): Promise<void>;
  /** Removes unused images and rotated logs. */
  cleanDisk(signal: AbortSignal): Promise<{ readonly freedBytes: number }>;
  /** All containers go, all data is put aside, the watchdog ends: for a node that Baton gives up. */
  uninstall(leaseEpoch: number, signal: AbortSignal): Promise<void>;
  /** Closes the connection. The next call opens it again. */
  close(): Promise<void>;
}
