import type { AnyMachineSnapshot } from 'xstate';
import { type ServerContext, serverStatus } from '../../machines/server/index.ts';
import type { ServerRow } from '../interfaces/reads.ts';
import type { Projected } from '../projected.ts';

/** The row that pages and reports read, from the actor's state. `updatedAt` and `version` are the commit's. */
export function serverRow(snapshot: AnyMachineSnapshot): Projected<Omit<ServerRow, 'updatedAt' | 'version'>> {
  const context = snapshot.context as ServerContext;
  const { bootSeconds: _boot, graceSeconds: _grace, ...spec } = context.spec;
  const { status, detail } = serverStatus(snapshot);
  return {
    id: context.id,
    ownerId: context.ownerId,
    ...spec,
    status,
    statusDetail: detail,
    operationId: context.operation?.id ?? null,
    nodeId: context.nodeId,
    engine: context.engine,
    containerId: context.containerId,
    epoch: context.epoch,
    ports: context.ports,
    dataExists: context.dataExists,
    dataBytes: context.dataBytes,
    players: context.players,
    restartPending: context.restartPending,
    lastError: context.lastError,
    queuedAt: context.queuedAt,
    attempt: context.attempt,
    nextAttemptAt: context.nextAttemptAt,
    exit: context.exit,
    createdAt: context.createdAt,
    startedAt: context.startedAt,
    stoppedAt: context.stoppedAt,
    lostSince: context.loss?.since ?? null,
    lastLeaseAt: context.loss?.lastLeaseAt ?? null,
    deletedAt: context.deletedAt,
    purgeAt: context.purgeAt,
  };
}
