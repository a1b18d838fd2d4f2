import type { MikroORM } from '@mikro-orm/postgresql';
import type { NodeRow, Reads } from '../../conductor/interfaces/reads.ts';
import { Node, Reservation } from '../entities/index.ts';
import { isUuid } from '../uuid.ts';

export function nodeReads(orm: MikroORM): Pick<Reads, 'nodes' | 'node' | 'reservations'> {
  return {
    nodes: ({ includeRemoved = false } = {}) => allNodes(orm, includeRemoved),
    async node(id) {
      if (!isUuid(id)) return null;
      const found = await orm.em.fork().findOne(Node, { id });
      return found && { ...found };
    },
    async reservations(nodeId) {
      const found = await orm.em.fork().find(Reservation, nodeId === undefined ? {} : { nodeId });
      return found.map(({ createdAt: _, ...row }) => ({ ...row }));
    },
  };
}

/** By name. */
export async function allNodes(orm: MikroORM, includeRemoved = false): Promise<readonly NodeRow[]> {
  const where = includeRemoved ? {} : { removedAt: null };
  const found = await orm.em.fork().find(Node, where, { orderBy: { name: 'asc', id: 'asc' } });
  return found.map((node) => ({ ...node }));
}
