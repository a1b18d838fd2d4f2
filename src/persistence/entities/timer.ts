import { defineEntity, p } from '@mikro-orm/core';
import type { ActorEvent, Address } from '../../actors/types.ts';

/** A durable timer of an actor. */
export const Timer = defineEntity({
  name: 'Timer',
  tableName: 'timers',
  properties: {
    address: p.text().$type<Address>().primary(),
    timerId: p.text().primary(),
    incarnation: p.bigint('number'),
    dueAt: p.datetime(3).index('timers_due'),
    event: p.json<ActorEvent>().columnType('json'),
  },
});
