/**
 * What this process has heard of each node's lease, by its own monotonic clock. Not stored: after a restart nothing is known, and
 * a fence waits in full from then on.
 */
export interface LeaseBook {
  /** An answer to a heartbeat was received at `atMs`; whether the node then had a watchdog that would end its lease. */
  heard(nodeId: string, atMs: number, guarded: boolean): void;
  /** When the last answer was received; null for none in the life of this process. */
  lastHeardMs(nodeId: string): number | null;
  /** False when the last answer said that nobody there would freeze anything: then the lease's end proves nothing. */
  isGuarded(nodeId: string): boolean;
}

export function createLeaseBook(): LeaseBook {
  const entries = new Map<string, { readonly atMs: number; readonly guarded: boolean }>();
  return {
    heard: (nodeId, atMs, guarded) => void entries.set(nodeId, { atMs, guarded }),
    lastHeardMs: (nodeId) => entries.get(nodeId)?.atMs ?? null,
    isGuarded: (nodeId) => entries.get(nodeId)?.guarded ?? true,
  };
}
