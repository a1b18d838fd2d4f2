import type { AnyMachineSnapshot } from 'xstate';
import { type NodeContext, nodeStatus } from '../../machines/node/index.ts';
import type { NodeRow } from '../interfaces/reads.ts';
import type { Projected } from '../projected.ts';

/** Lives in which Baton has nothing to do with a machine any more. */
const GONE = new Set(['removed', 'decommissioned']);

/** The row that pages and reports read, from the actor's state. `updatedAt` and `version` are the commit's. */
export function nodeRow(snapshot: AnyMachineSnapshot): Projected<Omit<NodeRow, 'updatedAt' | 'version'>> {
  const context = snapshot.context as NodeContext;
  const { status, detail, connection } = nodeStatus(snapshot);
  return {
    id: context.id,
    name: context.name,
    kind: context.kind,
    engine: context.engine,
    system: context.system,
    labels: context.labels,
    ssh: context.ssh,
    hostKey: context.hostKey,
    status,
    statusDetail: detail,
    connection,
    pressure: context.pressure,
    cordoned: context.cordoned,
    operationId: context.operation?.id ?? null,
    ramMb: context.ramMb,
    cpus: context.cpus,
    reserveRamMb: context.reserveRamMb,
    bootId: context.bootId,
    leaseEpoch: context.leaseEpoch,
    guarded: context.guarded,
    lastLeaseAt: context.lastLeaseAt,
    awaySince: context.awaySince,
    fence: context.fence,
    lastError: context.lastError,
    createdAt: context.createdAt,
    readyAt: context.readyAt,
    removedAt: GONE.has(status) ? context.removedAt : null,
  };
}
