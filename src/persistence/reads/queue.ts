import type { InferEntity, MikroORM } from '@mikro-orm/postgresql';
import type { QueueEntry as Entry } from '../../machines/queue/index.ts';
import { QueueEntry } from '../entities/index.ts';

/** Everybody who waits, as the queue's actor wrote it. */
export async function queueEntries(orm: MikroORM): Promise<readonly Entry[]> {
  return (await orm.em.fork().find(QueueEntry, {})).map(toEntry);
}

function toEntry(row: InferEntity<typeof QueueEntry>): Entry {
  const { ramMb, cpuMilli, diskMb, ports, onlyNodeId, offeredOn, offeredUntil, ...entry } = row;
  return {
    ...entry,
    demand: { ramMb, cpuMilli, diskMb, ports },
    only: onlyNodeId,
    offer: offeredOn === null || offeredUntil === null ? null : { nodeId: offeredOn, until: offeredUntil.getTime() },
    queuedAt: row.queuedAt.getTime(),
    givesUpAt: row.givesUpAt.getTime(),
    nextAttemptAt: row.nextAttemptAt?.getTime() ?? null,
    restsUntil: row.restsUntil?.getTime() ?? null,
  };
}
