import { defineEntity, p } from '@mikro-orm/core';
import type { NodeRow } from '../../conductor/interfaces/reads.ts';

/**
 * A machine that runs servers, as pages read it; its actor writes it with each turn that changes it. A removed one keeps its
 * row, because servers that were there point to it, and gives up its name.
 */
export const Node = defineEntity({
  name: 'Node',
  tableName: 'nodes',
  indexes: [
    {
      name: 'nodes_name_key',
      expression: 'create unique index nodes_name_key on nodes (name) where removed_at is null',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    name: p.text(),
    kind: p.text().$type<NodeRow['kind']>().default('local'),
    engine: p.text().$type<NodeRow['engine']>(),
    system: p.boolean().default(false),
    labels: p.json<NodeRow['labels']>().default('{}'),
    ssh: p.json<NonNullable<NodeRow['ssh']>>().strictNullable(),
    hostKey: p.text().strictNullable(),
    status: p.text().default('arriving'),
    statusDetail: p.text().strictNullable(),
    connection: p.text().$type<NodeRow['connection']>().default('unconnected'),
    pressure: p
      .json<NodeRow['pressure']>()
      .default('{"cpu": "calm", "disk": "calm", "engine": "calm", "memory": "calm"}'),
    cordoned: p.boolean().default(false),
    operationId: p.uuid().strictNullable(),
    ramMb: p.integer(),
    cpus: p.float(),
    reserveRamMb: p.integer().default(0),
    bootId: p.text().strictNullable(),
    leaseEpoch: p.bigint('number').defaultRaw('0'),
    guarded: p.boolean().default(true),
    lastLeaseAt: p.datetime(3).strictNullable(),
    awaySince: p.datetime(3).strictNullable(),
    fence: p.json<NonNullable<NodeRow['fence']>>().strictNullable(),
    lastError: p.json<NonNullable<NodeRow['lastError']>>().strictNullable(),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
    readyAt: p.datetime(3).strictNullable(),
    removedAt: p.datetime(3).strictNullable(),
    /** Of the actor, which takes a turn for each server that comes and goes: those do not change the row. */
    version: p
      .bigint('number')
      .formula((node) => `coalesce((select actors.seq from actors where actors.address = 'node/' || ${node.id}), 0)`),
  },
});
