import { defineEntity, p } from '@mikro-orm/core';
import type { Address } from '../../actors/types.ts';

/** One committed turn. */
export const JournalEntry = defineEntity({
  name: 'JournalEntry',
  tableName: 'journal',
  indexes: [{ name: 'journal_address', properties: ['address', 'seq'] }],
  properties: {
    id: p.bigint('number').primary().generated('identity'),
    address: p.text().$type<Address>(),
    seq: p.bigint('number'),
    event: p.text(),
    by: p.text().strictNullable(),
    fromState: p.text().strictNullable(),
    toState: p.text(),
    operationId: p.uuid().strictNullable(),
    effects: p.array(),
    at: p.datetime(3).defaultRaw('now()'),
    durationMs: p.float(),
  },
});
