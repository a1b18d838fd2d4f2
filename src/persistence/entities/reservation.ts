import { defineEntity, p } from '@mikro-orm/core';
import { Node } from './node.ts';

/** What a node keeps for a server, written by the node's actor. */
export const Reservation = defineEntity({
  name: 'Reservation',
  tableName: 'reservations',
  properties: {
    serverId: p.uuid().primary(),
    nodeId: () =>
      p
        .manyToOne(Node)
        .primary()
        .mapToPk()
        .fieldName('node_id')
        .foreignKeyName('reservations_node_id_fkey')
        .updateRule('no action')
        .index('reservations_node'),
    epoch: p.bigint('number'),
    ramMb: p.integer(),
    cpuMilli: p.integer(),
    diskMb: p.integer(),
    ports: p.integer(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
});
