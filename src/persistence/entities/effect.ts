import { defineEntity, p } from '@mikro-orm/core';
import type { Address } from '../../actors/types.ts';

/** An effect that was started by a committed turn and has not ended. */
export const Effect = defineEntity({
  name: 'Effect',
  tableName: 'effects',
  properties: {
    id: p.text().primary(),
    address: p.text().$type<Address>().index('effects_address'),
    childId: p.text(),
    name: p.text(),
    incarnation: p.bigint('number'),
    input: p.json<unknown>().columnType('json'),
    startedAt: p.datetime(3).defaultRaw('now()'),
    deadlineAt: p.datetime(3).strictNullable(),
  },
});
