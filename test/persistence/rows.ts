/** Rows that tests begin with. */
import { randomUUID } from 'node:crypto';
import type { Pool, PoolClient } from 'pg';
import { projectServer } from '../../src/persistence/sql/project-server.ts';

/** Makes an account and returns its id. */
export async function anAccount(pool: Pool): Promise<string> {
  const id = randomUUID();
  await pool.query(`insert into accounts (id, name, role) values ($1, $2, 'admin')`, [id, `account ${id}`]);
  return id;
}

/** Makes a node and returns its id. */
export async function aNode(pool: Pool): Promise<string> {
  const id = randomUUID();
  await pool.query(`insert into nodes (id, name, engine, ram_mb, cpus) values ($1, $2, 'simulated', 8192, 4)`, [
    id,
    `node ${id}`,
  ]);
  return id;
}

/** What an actor projects for a server, as it comes out of a statechart's context: times in Unix milliseconds. */
export function serverRow(
  ownerId: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> & { id: string } {
  return {
    id: randomUUID(),
    ownerId,
    name: 'survival',
    template: 'minecraft-java',
    image: 'itzg/minecraft-server',
    imageTag: 'latest',
    ramMb: 2048,
    cpu: 1.5,
    diskMb: 0,
    env: { EULA: 'TRUE' },
    plan: 'balanced',
    status: 'running',
    statusDetail: null,
    operationId: null,
    nodeId: null,
    engine: null,
    containerId: null,
    epoch: 1,
    ports: [{ name: 'game', protocol: 'tcp', container: 25565, host: 30000 }],
    dataExists: true,
    dataBytes: 5_000_000_000,
    players: 3,
    wakeOnJoin: false,
    idleStopSeconds: 300,
    failoverPolicy: 'wait',
    failoverGraceSeconds: 60,
    restartPending: false,
    lastError: null,
    queuedAt: null,
    attempt: 0,
    nextAttemptAt: null,
    exit: null,
    createdAt: Date.UTC(2026, 0, 1),
    startedAt: null,
    stoppedAt: null,
    lostSince: null,
    lastLeaseAt: null,
    deletedAt: null,
    purgeAt: null,
    version: 7,
    ...changes,
  };
}

/** Runs something on a client in a transaction, as the commit store does. */
export async function inTransaction(pool: Pool, run: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await run(client);
    await client.query('commit');
  } catch (thrown) {
    await client.query('rollback');
    throw thrown;
  } finally {
    client.release();
  }
}

/** Writes servers as the commit store would. */
export async function writeServers(pool: Pool, ...rows: Record<string, unknown>[]): Promise<void> {
  await inTransaction(pool, (client) => projectServer.apply(client, rows, []));
}
