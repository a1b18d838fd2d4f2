import { defineEntity, p } from '@mikro-orm/core';
import type { ActorEvent, Address } from '../../actors/types.ts';
import type { StoredError } from '../../errors.ts';

/** A message that could not be handled, put aside for an operator. */
export const DeadLetter = defineEntity({
  name: 'DeadLetter',
  tableName: 'dead_letters',
  properties: {
    id: p.uuid().primary(),
    address: p.text().$type<Address>(),
    event: p.json<ActorEvent>().columnType('json'),
    error: p.json<StoredError>(),
    attempts: p.integer(),
    at: p.datetime(3).defaultRaw('now()'),
  },
});
