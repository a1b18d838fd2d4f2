/** The deadlines and thresholds of the node's statechart. Durations are in milliseconds, shares from 0 to 1. */
import { LEASE_LIMITS, type LeaseLimits } from '../fleet/lease.ts';

/** A share that is too high, and the lower one at which it is fine again. */
export interface Threshold {
  readonly high: number;
  readonly calm: number;
}

export interface NodeLimits {
  readonly lease: LeaseLimits;
  readonly requestMs: number;
  readonly machineBootMs: number;
  readonly bootstrapMs: number;
  /** Comparing a node's inventory with the rows, and putting strays aside. */
  readonly inventoryMs: number;
  readonly quarantineMs: number;
  readonly decommissionMs: number;
  /** An empty node that shall leave waits this long, in case it is wanted after all. */
  readonly emptyMs: number;
  /** How long a removed node is looked for, to clean it up. */
  readonly tombstoneMs: number;
  /** Until a fence or a cleaning that failed is tried again. */
  readonly retryMs: number;
  /** The last confirmed lease is written down at least this often: what is billed never ends much before it. */
  readonly leaseNoteMs: number;
  readonly disk: Threshold & { readonly critical: number };
  /** Without what the kernel would give back. */
  readonly memory: Threshold;
  /** The mean of the last minute, since booting a server takes all there is for a while. */
  readonly cpu: Threshold;
  /** Servers that may start on a node at once; 0 is one for each two cores. */
  readonly startsMax: number;
  /** While the disk stays critical it is cleaned this often. */
  readonly cleanMs: number;
  /** Deadline of one cleaning. */
  readonly cleaningMs: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** The numbers of the design: "node" in machines.md and fleet.md. */
export const NODE_LIMITS: NodeLimits = {
  lease: LEASE_LIMITS,
  requestMs: 5 * MINUTE,
  machineBootMs: 5 * MINUTE,
  bootstrapMs: 5 * MINUTE,
  inventoryMs: 20 * SECOND,
  quarantineMs: MINUTE,
  decommissionMs: 5 * MINUTE,
  emptyMs: 5 * MINUTE,
  tombstoneMs: 30 * DAY,
  retryMs: 5 * SECOND,
  leaseNoteMs: MINUTE,
  disk: { high: 0.9, calm: 0.85, critical: 0.95 },
  memory: { high: 0.95, calm: 0.9 },
  cpu: { high: 0.95, calm: 0.8 },
  startsMax: 0,
  cleanMs: 10 * MINUTE,
  cleaningMs: 5 * MINUTE,
};
