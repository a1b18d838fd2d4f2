import { type MikroORM, raw } from '@mikro-orm/postgresql';
import type { NodeRow } from '../../conductor/interfaces/reads.ts';
import type { NodeFacts, NodeStore } from '../../conductor/interfaces/stores.ts';
import type { Database } from '../database.ts';
import { Node, NodeKey } from '../entities/index.ts';
import { translating } from '../errors.ts';
import { allNodes } from '../reads/nodes.ts';

/** @param newId makes a UUIDv7 */
export function nodeStore({ orm }: Database, newId: () => string): NodeStore {
  return {
    upsertNode: (facts) => translating(() => upsert(orm, facts, newId)),
    nodes: () => translating(() => allNodes(orm)),
    saveKey: (nodeId, privateKey) =>
      translating(async () => {
        await orm.em.fork().upsert(NodeKey, { nodeId, privateKey });
      }),
    keyOf: (nodeId) => translating(async () => (await orm.em.fork().findOne(NodeKey, { nodeId }))?.privateKey ?? null),
    dropKey: (nodeId) =>
      translating(async () => {
        await orm.em.fork().nativeDelete(NodeKey, { nodeId });
      }),
  };
}

/** Only a start of Baton does this, and only one Baton starts at a time. */
async function upsert(orm: MikroORM, { name, ...facts }: NodeFacts, newId: () => string): Promise<NodeRow> {
  const em = orm.em.fork();
  const known = await em.findOne(Node, { name, kind: 'local', removedAt: null });
  if (known === null) await em.insert(Node, { id: newId(), name, ...facts });
  else await em.nativeUpdate(Node, { id: known.id }, { ...facts, updatedAt: raw('now()') });
  return { ...(await orm.em.fork().findOneOrFail(Node, { name, kind: 'local', removedAt: null })) };
}
