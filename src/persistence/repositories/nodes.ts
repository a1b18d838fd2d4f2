import { raw } from '@mikro-orm/postgresql';
import type { NodeStore } from '../../conductor/interfaces/stores.ts';
import type { Database } from '../database.ts';
import { Node } from '../entities/index.ts';
import { translating } from '../errors.ts';

/** @param newId makes a UUIDv7 */
export function nodeStore({ orm }: Database, newId: () => string): NodeStore {
  return {
    upsertNode: ({ name, engine, ramMb, cpus }) =>
      translating(async () => {
        const facts = { name, engine, ramMb, cpus, updatedAt: raw('now()') };
        const node = await orm.em
          .fork()
          .upsert(Node, { id: newId(), ...facts }, { onConflictFields: ['name'], onConflictExcludeFields: ['id'] });
        return { ...node };
      }),
    nodes: () =>
      translating(async () => {
        const nodes = await orm.em.fork().find(Node, {}, { orderBy: { name: 'asc' } });
        return nodes.map((node) => ({ ...node }));
      }),
  };
}
