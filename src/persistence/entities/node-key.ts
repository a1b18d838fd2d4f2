import { defineEntity, p } from '@mikro-orm/core';

/** The private key that a node is reached with. In a table of its own, so that no page reads it by accident. */
export const NodeKey = defineEntity({
  name: 'NodeKey',
  tableName: 'node_keys',
  properties: {
    nodeId: p.uuid().primary(),
    privateKey: p.text(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
});
