/**
 * What this process has heard of each node's lease, by its own monotonic clock. Not stored: after a restart nothing is known, and
 * a fence waits in full from then on.
 */
export interface LeaseBook {
  /** An answer to a heartbeat was received at `atMs`. */
  heard(nodeId: string, atMs: number): void;
  /** When the last answer was received; null for none in the life of this process. */
  lastHeardMs(nodeId: string): number | null;
  /** Calls the listener when a node is heard for the first time in the life of this process. */
  onFirst(listener: () => void): void;
}

export function createLeaseBook(): LeaseBook {
  const heardAtMs = new Map<string, number>();
  const listeners: (() => void)[] = [];
  return {
    heard(nodeId, atMs) {
      const isFirst = !heardAtMs.has(nodeId);
      heardAtMs.set(nodeId, atMs);
      if (isFirst) for (const listener of listeners) listener();
    },
    onFirst: (listener) => void listeners.push(listener),
    lastHeardMs: (nodeId) => heardAtMs.get(nodeId) ?? null,
  };
}
