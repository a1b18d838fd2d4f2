/** What the helper keeps in `/run`: gone after a boot, as running containers are. */
import type { FrozenBy } from '../../nodes/simulated/container.ts';

export interface HelperMemory {
  /** `untilMs` on the clock of this boot. */
  lease: { readonly epoch: number; readonly untilMs: number } | null;
  /** Containers that ran under an older lease epoch and wait to be kept or put away. */
  readonly held: Set<string>;
  /** Containers that the watchdog has frozen, and how. */
  readonly frozen: Map<string, FrozenBy>;
  /** The connection that the lease came through, and since when, on the clock of this boot. */
  connection: { readonly id: number; readonly sinceMs: number } | null;
}

export const emptyMemory = (): HelperMemory => ({ lease: null, held: new Set(), frozen: new Map(), connection: null });
