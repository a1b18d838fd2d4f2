import { parseAddress } from './address.ts';
import { isUnavailable } from './committer.ts';
import type { Inspection } from './inspection.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Ports } from './ports.ts';
import type { Residents } from './residents.ts';
import type { CommitStore } from './store.ts';
import type { Address, PendingEvent } from './types.ts';
import type { Underway } from './underway.ts';

export interface ProgressParts {
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  readonly store: Pick<CommitStore, 'progress'>;
  readonly residents: Residents;
  readonly inspection: Inspection;
  readonly outage: (error: unknown) => void;
  readonly underway: Underway;
}

export interface Progress {
  report(address: Address, fraction: number | null, message: string): void;
  stop(): void;
}

interface Latest {
  readonly fraction: number | null;
  readonly message: string;
  readonly event: PendingEvent;
  readonly address: Address;
}

/**
 * Shows on an actor's running operation how far its effects are. Reports come as fast as they like; at most one in
 * `progressMs` is stored for an operation, and the last one is, unless the operation has ended meanwhile.
 */
export function createProgress(parts: ProgressParts): Progress {
  const { ports, limits, store, residents, inspection, outage, underway } = parts;
  /** By operation, with what prevents its being stored. */
  const waiting = new Map<string, { latest: Latest; readonly cancel: () => void }>();

  function runningOn(address: Address): string | undefined {
    const { kind, snapshot } = residents.get(address) ?? {};
    return kind === undefined || snapshot == null ? undefined : kind.operation(snapshot)?.id;
  }

  async function flush(operationId: string): Promise<void> {
    const latest = waiting.get(operationId)?.latest;
    waiting.delete(operationId);
    // Progress stands in one line with the turns: what has ended meanwhile must not hold them up.
    if (latest === undefined || runningOn(latest.address) !== operationId) return;
    const { fraction, message, event } = latest;
    try {
      const written = await store.progress(operationId, fraction, message, event);
      if (written !== null) inspection.events([written]);
    } catch (error) {
      // Progress is for the eye; losing a step of it loses nothing.
      if (isUnavailable(error)) outage(error);
    }
  }

  return {
    report(address, fraction, message) {
      const { kind, snapshot } = residents.get(address) ?? {};
      if (kind === undefined || snapshot === undefined || snapshot === null) return;
      const id = kind.operation(snapshot)?.id;
      if (id === undefined) return;
      const subject = parseAddress(address);
      const data = { operation_id: id, progress: fraction, message };
      const event = { type: `${subject.kind}.progress`, subject, ownerId: kind.ownerId(snapshot), data };
      const latest = { fraction, message, event, address };
      const already = waiting.get(id);
      if (already !== undefined) already.latest = latest;
      else {
        const cancel = ports.clock.schedule(limits.progressMs, () => underway.track(flush(id)));
        waiting.set(id, { latest, cancel });
      }
    },
    stop() {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
    },
  };
}
