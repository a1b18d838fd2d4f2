import { randomUUID } from 'node:crypto';
import test from 'ava';
import { createMemoryReads } from '../../src/sim/store/reads.ts';
import { makeAccount, memoryNodes, memoryPorts } from '../../src/sim/store/repositories.ts';
import { createMemoryStore } from '../../src/sim/store/store.ts';
import { emptyTables } from '../../src/sim/store/tables.ts';
import { storeConformance } from '../persistence/store-conformance.ts';

storeConformance(test, async () => {
  const tables = emptyTables();
  const node = { name: 'node', engine: 'simulated', ramMb: 8192, cpus: 4 } as const;
  return {
    store: createMemoryStore(tables, Date.now, randomUUID),
    reads: createMemoryReads(tables),
    ports: memoryPorts(tables),
    accountId: makeAccount(tables, 'owner', randomUUID).id,
    nodeId: (await memoryNodes(tables, Date.now, randomUUID).upsertNode(node)).id,
  };
});
