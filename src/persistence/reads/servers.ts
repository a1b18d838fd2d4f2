import type { FilterQuery, InferEntity, MikroORM } from '@mikro-orm/postgresql';
import type { Page, PageRequest, Reads, ServerFilter, ServerRow } from '../../conductor/interfaces/reads.ts';
import type { ServerStatus } from '../../machines/server/types.ts';
import { Server } from '../entities/index.ts';
import { isUuid } from '../uuid.ts';
import { containing, uuidFilter } from './filters.ts';
import { page } from './page.ts';

type Row = InferEntity<typeof Server>;

const LISTING = {
  entity: Server,
  key: 'id',
  defaultSort: 'createdAt',
  sortable: {
    id: 'uuid',
    name: 'text',
    status: 'text',
    template: 'text',
    plan: 'text',
    ramMb: 'number',
    diskMb: 'number',
    createdAt: 'time',
    updatedAt: 'time',
    cpu: 'counted',
    players: 'counted',
    dataBytes: 'counted',
    startedAt: 'counted',
    stoppedAt: 'counted',
  },
} as const;

/** Statuses of servers that were soft-deleted: naming one is asking for them. */
const DELETED_STATUSES = ['deleted', 'purging'];

export function serverReads(orm: MikroORM): Pick<Reads, 'servers' | 'server'> {
  return {
    async servers(filter: ServerFilter, request: PageRequest): Promise<Page<ServerRow>> {
      const asked = filter.includeDeleted ?? filter.statuses?.some((status) => DELETED_STATUSES.includes(status));
      const found = await page(orm, LISTING, whereOf(filter), request, {
        filters: { alive: !asked },
      });
      return { ...found, items: found.items.map(toRow) };
    },
    async server(id, options = {}) {
      if (!isUuid(id)) return null;
      const found = await orm.em.fork().findOne(Server, { id }, { filters: { alive: !options.includeDeleted } });
      return found && toRow(found);
    },
  };
}

function whereOf({ statuses, nodeId, ownerId, q }: ServerFilter): FilterQuery<Row> & object {
  return {
    ...(statuses && { status: { $in: statuses as ServerStatus[] } }),
    ...(nodeId !== undefined && { nodeId: uuidFilter('node_id', nodeId) }),
    ...(ownerId !== undefined && { ownerId: uuidFilter('owner_id', ownerId) }),
    ...(q !== undefined && { name: containing(q) }),
  };
}

/** A plain object: an entity belongs to its EntityManager. */
function toRow(row: Row): ServerRow {
  return { ...row };
}
