/**
 * What this process has heard of each node's lease, by its own monotonic clock. Not stored: after a restart nothing is known, and
 * a fence waits in full from then on.
 */
export interface LeaseBook {
  /** An answer to a heartbeat was received at `atMs`. */
  heard(nodeId: string, atMs: number): void;
  /** When the last answer was received; null for none in the life of this process. */
  lastHeardMs(nodeId: string): number | null;
}

export function createLeaseBook(): LeaseBook {
  const heardAtMs = new Map<string, number>();
  return {
    heard: (nodeId, atMs) => void heardAtMs.set(nodeId, atMs),
    lastHeardMs: (nodeId) => heardAtMs.get(nodeId) ?? null,
  };
}
