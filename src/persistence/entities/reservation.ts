import { defineEntity, p } from '@mikro-orm/core';
import { Node } from './node.ts';

/** RAM and CPU that a node keeps for a server, written by the node's actor. */
export const Reservation = defineEntity({
  name: 'Reservation',
  tableName: 'reservations',
  properties: {
    serverId: p.uuid().primary(),
    nodeId: () =>
      p
        .manyToOne(Node)
        .mapToPk()
        .fieldName('node_id')
        .foreignKeyName('reservations_node_id_fkey')
        .updateRule('no action')
        .index('reservations_node'),
    epoch: p.bigint('number'),
    ramMb: p.integer(),
    cpu: p.float(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
});
