import { defineEntity, p } from '@mikro-orm/core';
import type { LiveEvent as LiveEventType } from '../../actors/types.ts';

/** An event of the log that live subscribers resume from. */
export const LiveEvent = defineEntity({
  name: 'LiveEvent',
  tableName: 'events',
  indexes: [{ name: 'events_owner', properties: ['ownerId', 'seq'] }],
  properties: {
    seq: p.bigint('number').primary().generated('identity'),
    type: p.text(),
    subjectKind: p.text(),
    subjectId: p.text(),
    ownerId: p.uuid().strictNullable(),
    data: p.json<LiveEventType['data']>().columnType('json'),
    at: p.datetime(3).defaultRaw('now()').index('events_at'),
  },
});
