import { defineEntity, p } from '@mikro-orm/core';
import type { ActorEvent, Address } from '../../actors/types.ts';

/** A message between actors that its receiver has not handled. */
export const Message = defineEntity({
  name: 'Message',
  tableName: 'messages',
  indexes: [{ name: 'messages_receiver', properties: ['receiver', 'position'] }],
  properties: {
    id: p.text().primary(),
    position: p.bigint('number').autoincrement().generated('identity'),
    sender: p.text().$type<Address>(),
    receiver: p.text().$type<Address>(),
    event: p.json<ActorEvent>().columnType('json'),
    at: p.datetime(3).defaultRaw('now()'),
  },
});
