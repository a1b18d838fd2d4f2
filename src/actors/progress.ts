import { storedError } from '../errors.ts';
import { parseAddress } from './address.ts';
import { isUnavailable } from './committer.ts';
import type { Inspection } from './inspection.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Ports } from './ports.ts';
import type { Residents } from './residents.ts';
import type { CommitStore } from './store.ts';
import type { Address, PendingEvent } from './types.ts';

export interface ProgressParts {
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  readonly store: Pick<CommitStore, 'progress'>;
  readonly residents: Residents;
  readonly inspection: Inspection;
  readonly outage: (error: unknown) => void;
}

/**
 * Shows on an actor's running operation how far its effects are. Reports come as fast as they like; at most one in
 * `progressMs` is stored for an operation, and the last one always is.
 */
export function createProgress({ ports, limits, store, residents, inspection, outage }: ProgressParts) {
  const latest = new Map<string, { address: Address; fraction: number | null; message: string; event: PendingEvent }>();

  async function flush(operationId: string): Promise<void> {
    const { address, fraction, message, event } = latest.get(operationId) ?? {};
    latest.delete(operationId);
    if (address === undefined || message === undefined || event === undefined) return;
    try {
      const written = await store.progress(operationId, fraction ?? null, message, event);
      if (written !== null) inspection.events([written]);
    } catch (error) {
      // Progress is for the eye; losing a step of it loses nothing.
      if (isUnavailable(error)) outage(storedError(error));
    }
  }

  return {
    report(address: Address, fraction: number | null, message: string): void {
      const { kind, snapshot } = residents.get(address) ?? {};
      if (kind === undefined || snapshot === undefined || snapshot === null) return;
      const operation = kind.operation(snapshot);
      if (operation === null) return;
      const subject = parseAddress(address);
      const data = { operation_id: operation.id, progress: fraction, message };
      const event = { type: `${subject.kind}.progress`, subject, ownerId: kind.ownerId(snapshot), data };
      if (!latest.has(operation.id)) ports.clock.schedule(limits.progressMs, () => void flush(operation.id));
      latest.set(operation.id, { address, fraction, message, event });
    },
  };
}
