import { defineEntity, p } from '@mikro-orm/core';
import type { ServerRow } from '../../conductor/interfaces/reads.ts';
import { Account } from './account.ts';
import { Node } from './node.ts';

/**
 * A server as pages read it; its actor writes it with each turn. The filter hides soft-deleted servers from every query
 * that does not ask for them with `filters: { alive: false }`. A purged server has no row.
 */
export const Server = defineEntity({
  name: 'Server',
  tableName: 'servers',
  filters: { alive: { name: 'alive', cond: { deletedAt: null }, default: true } },
  properties: {
    id: p.uuid().primary(),
    ownerId: () =>
      p
        .manyToOne(Account)
        .mapToPk()
        .fieldName('owner_id')
        .foreignKeyName('servers_owner_id_fkey')
        .updateRule('no action')
        .index('servers_owner'),
    name: p.text(),
    template: p.text(),
    image: p.text(),
    imageTag: p.text(),
    ramMb: p.integer(),
    cpu: p.float(),
    diskMb: p.integer(),
    env: p.json<ServerRow['env']>(),
    plan: p.text().$type<ServerRow['plan']>(),
    status: p.text().$type<ServerRow['status']>().index('servers_status'),
    statusDetail: p.text().strictNullable(),
    operationId: p.uuid().strictNullable(),
    nodeId: () =>
      p
        .manyToOne(Node)
        .mapToPk()
        .strictNullable()
        .fieldName('node_id')
        .foreignKeyName('servers_node_id_fkey')
        .updateRule('no action')
        .deleteRule('no action')
        .index('servers_node'),
    engine: p.text().$type<'docker' | 'simulated'>().strictNullable(),
    containerId: p.text().strictNullable(),
    epoch: p.bigint('number'),
    ports: p.json<ServerRow['ports']>(),
    dataExists: p.boolean().strictNullable(),
    dataBytes: p.bigint('number').strictNullable(),
    players: p.integer().strictNullable(),
    wakeOnJoin: p.boolean(),
    idleStopSeconds: p.integer(),
    failoverPolicy: p.text().$type<ServerRow['failoverPolicy']>().default('wait'),
    failoverGraceSeconds: p.integer().default(60),
    restartPending: p.boolean(),
    lastError: p.json<NonNullable<ServerRow['lastError']>>().strictNullable(),
    queuedAt: p.datetime(3).strictNullable(),
    attempt: p.integer(),
    nextAttemptAt: p.datetime(3).strictNullable(),
    exit: p.json<NonNullable<ServerRow['exit']>>().strictNullable(),
    createdAt: p.datetime(3),
    updatedAt: p.datetime(3),
    startedAt: p.datetime(3).strictNullable(),
    stoppedAt: p.datetime(3).strictNullable(),
    lostSince: p.datetime(3).strictNullable(),
    lastLeaseAt: p.datetime(3).strictNullable(),
    deletedAt: p.datetime(3).strictNullable(),
    purgeAt: p.datetime(3).strictNullable(),
    version: p.bigint('number'),
  },
});
