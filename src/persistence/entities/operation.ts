import { defineEntity, p } from '@mikro-orm/core';
import type { Address, OperationStatus } from '../../actors/types.ts';
import type { StoredError } from '../../errors.ts';
import { Account } from './account.ts';

/** A command that was taken. One with an idempotency key is kept for ever. */
export const Operation = defineEntity({
  name: 'Operation',
  tableName: 'operations',
  indexes: [
    { name: 'operations_target', properties: ['target', 'createdAt'] },
    { name: 'operations_open', properties: ['target'], where: "status = 'running'" },
    {
      name: 'operations_sweepable',
      properties: ['finishedAt'],
      where: 'finished_at is not null and idempotency_key is null',
    },
  ],
  uniques: [{ name: 'operations_account_id_idempotency_key_key', properties: ['accountId', 'idempotencyKey'] }],
  properties: {
    id: p.uuid().primary(),
    command: p.text(),
    target: p.text().$type<Address>(),
    accountId: () =>
      p
        .manyToOne(Account)
        .mapToPk()
        .fieldName('account_id')
        .foreignKeyName('operations_account_id_fkey')
        .updateRule('no action')
        .index(false),
    status: p.text().$type<OperationStatus>(),
    progress: p.float().strictNullable(),
    message: p.text().strictNullable(),
    error: p.json<StoredError>().strictNullable(),
    createdAt: p.datetime(3).defaultRaw('now()'),
    finishedAt: p.datetime(3).strictNullable(),
    idempotencyKey: p.text().strictNullable(),
    fingerprint: p.text().strictNullable(),
  },
});
