import { defineEntity, p } from '@mikro-orm/core';

/** A machine that runs servers. */
export const Node = defineEntity({
  name: 'Node',
  tableName: 'nodes',
  properties: {
    id: p.uuid().primary(),
    name: p.text().unique('nodes_name_key'),
    engine: p.text().$type<'docker' | 'simulated'>(),
    ramMb: p.integer(),
    cpus: p.float(),
    createdAt: p.datetime(3).defaultRaw('now()'),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
});
