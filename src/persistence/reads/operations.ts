import type { FilterQuery, InferEntity, MikroORM } from '@mikro-orm/postgresql';
import type { Operation as OperationView } from '../../actors/types.ts';
import type { OperationFilter, Reads } from '../../conductor/interfaces/reads.ts';
import { Operation } from '../entities/index.ts';
import { isUuid } from '../uuid.ts';
import { uuidFilter } from './filters.ts';
import { page } from './page.ts';

type Row = InferEntity<typeof Operation>;

const LISTING = {
  entity: Operation,
  key: 'id',
  defaultSort: '-createdAt',
  sortable: { id: 'uuid', createdAt: 'time', status: 'text', command: 'text', target: 'text', finishedAt: 'counted' },
} as const;

export function operationReads(orm: MikroORM): Pick<Reads, 'operations' | 'operation'> {
  return {
    async operations(filter, request) {
      const found = await page(orm, LISTING, whereOf(filter), request);
      return { ...found, items: found.items.map(toOperation) };
    },
    async operation(id) {
      if (!isUuid(id)) return null;
      const found = await orm.em.fork().findOne(Operation, { id });
      return found && toOperation(found);
    },
  };
}

function whereOf({ status, target, accountId }: OperationFilter): FilterQuery<Row> & object {
  return {
    ...(status !== undefined && { status }),
    ...(target !== undefined && { target }),
    ...(accountId !== undefined && { accountId: uuidFilter('account_id', accountId) }),
  };
}

function toOperation({ idempotencyKey: _key, fingerprint: _fingerprint, ...operation }: Row): OperationView {
  return operation;
}
