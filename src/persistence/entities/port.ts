import { defineEntity, p } from '@mikro-orm/core';
import { Node } from './node.ts';
import { Server } from './server.ts';

/** A port of a node that belongs to a server until that is purged, or has moved away and started anew. */
export const Port = defineEntity({
  name: 'Port',
  tableName: 'ports',
  uniques: [{ name: 'ports_server_id_node_id_name_key', properties: ['serverId', 'nodeId', 'name'] }],
  properties: {
    nodeId: () =>
      p
        .manyToOne(Node)
        .mapToPk()
        .primary()
        .fieldName('node_id')
        .foreignKeyName('ports_node_id_fkey')
        .updateRule('no action')
        .deleteRule('no action'),
    protocol: p.text().$type<'tcp' | 'udp'>().primary(),
    hostPort: p.integer().primary(),
    serverId: () =>
      p
        .manyToOne(Server)
        .mapToPk()
        .fieldName('server_id')
        .foreignKeyName('ports_server_id_fkey')
        .updateRule('no action')
        .deleteRule('cascade'),
    name: p.text(),
    containerPort: p.integer(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
});
