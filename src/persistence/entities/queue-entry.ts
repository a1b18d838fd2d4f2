import { defineEntity, p } from '@mikro-orm/core';
import type { QueueEntry as Entry } from '../../machines/queue/index.ts';

/** A server that waits for room, written by the queue's actor. Where it stands follows from all rows together. */
export const QueueEntry = defineEntity({
  name: 'QueueEntry',
  tableName: 'queue_entries',
  properties: {
    serverId: p.uuid().primary(),
    ownerId: p.uuid(),
    name: p.text(),
    plan: p.text().$type<Entry['plan']>(),
    ramMb: p.integer(),
    cpuMilli: p.integer(),
    diskMb: p.integer(),
    ports: p.integer(),
    onlyNodeId: p.uuid().strictNullable(),
    avoid: p.json<Entry['avoid']>(),
    queuedAt: p.datetime(3),
    givesUpAt: p.datetime(3),
    attempt: p.integer(),
    nextAttemptAt: p.datetime(3).strictNullable(),
    reason: p.text().strictNullable(),
    overtaken: p.integer(),
    heldOn: p.uuid().strictNullable(),
    offeredOn: p.uuid().strictNullable(),
    offeredUntil: p.datetime(3).strictNullable(),
    restsUntil: p.datetime(3).strictNullable(),
  },
});
