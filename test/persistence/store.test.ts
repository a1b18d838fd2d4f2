import { randomUUID } from 'node:crypto';
import test from 'ava';
import { createCommitStore } from '../../src/persistence/commit/store.ts';
import { createReads } from '../../src/persistence/reads.ts';
import { openRepositories } from '../../src/persistence/repositories/index.ts';
import { projections } from '../../src/persistence/sql/projections.ts';
import { withDatabase } from './database.ts';
import { aNode, anAccount } from './rows.ts';
import { storeConformance } from './store-conformance.ts';

const db = withDatabase(test);

storeConformance(test, async () => {
  const { database, pool } = await db.fresh();
  return {
    store: createCommitStore(pool, projections),
    reads: createReads(database),
    ports: openRepositories(database, randomUUID),
    accountId: await anAccount(pool),
    nodeId: await aNode(pool),
  };
});
