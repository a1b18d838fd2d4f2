import { defineEntity, p } from '@mikro-orm/core';
import type { ActorEvent, Address } from '../../actors/types.ts';

/** A command that waits until the running operation of its actor has ended. */
export const StashedCommand = defineEntity({
  name: 'StashedCommand',
  tableName: 'stash',
  indexes: [{ name: 'stash_address', properties: ['address', 'position'] }],
  properties: {
    operationId: p.uuid().primary(),
    position: p.bigint('number').autoincrement().generated('identity'),
    address: p.text().$type<Address>(),
    event: p.json<ActorEvent>().columnType('json'),
  },
});
