import { defineEntity, p } from '@mikro-orm/core';

/** Which process owns a shard of the actors, until when, and how often it has changed hands. */
export const Shard = defineEntity({
  name: 'Shard',
  tableName: 'shards',
  properties: {
    shard: p.smallint().primary().autoincrement(false),
    owner: p.text().strictNullable(),
    epoch: p.bigint('number').defaultRaw('0'),
    expiresAt: p.datetime(3).strictNullable(),
  },
});
