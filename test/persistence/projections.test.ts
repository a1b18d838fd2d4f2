import test from 'ava';
import { projectNodeReservations } from '../../src/persistence/sql/project-node-reservations.ts';
import { projectServer } from '../../src/persistence/sql/project-server.ts';
import { withDatabase } from './database.ts';
import { aNode, anAccount, inTransaction, serverRow, writeServers } from './rows.ts';

const db = withDatabase(test);

const stored = async (id: string) => (await db.pool.query('select * from servers where id = $1', [id])).rows[0];

test('a server is written, written again and purged', async (t) => {
  const owner = await anAccount(db.pool);
  const row = serverRow(owner, { startedAt: Date.UTC(2026, 1, 2, 3, 4, 5, 678), nodeId: await aNode(db.pool) });
  await writeServers(db.pool, row);
  t.like(await stored(row.id), {
    owner_id: owner,
    data_bytes: 5_000_000_000,
    cpu: 1.5,
    env: { EULA: 'TRUE' },
    ports: row.ports,
    started_at: new Date(Date.UTC(2026, 1, 2, 3, 4, 5, 678)),
    stopped_at: null,
    version: 7,
  });
  await writeServers(db.pool, { ...row, status: 'stopped', version: 8, players: null });
  t.like(await stored(row.id), { status: 'stopped', version: 8, players: null, name: 'survival' });
  await inTransaction(db.pool, (client) => projectServer.apply(client, [], [row.id]));
  t.is(await stored(row.id), undefined);
});

test('many servers are written and removed by one statement', async (t) => {
  const owner = await anAccount(db.pool);
  const [gone, ...rows] = Array.from({ length: 5 }, (_, index) => serverRow(owner, { name: `server ${index}` }));
  if (gone === undefined) return t.fail();
  await writeServers(db.pool, gone);
  await inTransaction(db.pool, (client) => projectServer.apply(client, rows, [gone.id]));
  const { rows: names } = await db.pool.query('select name from servers where owner_id = $1 order by name', [owner]);
  t.deepEqual(
    names,
    [1, 2, 3, 4].map((index) => ({ name: `server ${index}` })),
  );
});

test('characters that PostgreSQL refuses do not keep a row from being written', async (t) => {
  const row = serverRow(await anAccount(db.pool), {
    name: 'a\0b',
    env: { 'K\0': 'C:\\u0000\\\0\ud83d' },
    exit: { exitCode: 1, oomKilled: false, logTail: ['half \ud83d, whole \u{1F600}, \\\\\0'], at: 0 },
  });
  await writeServers(db.pool, row);
  t.like(await stored(row.id), {
    name: 'a\uFFFDb',
    env: { 'K\uFFFD': 'C:\\u0000\\\uFFFD\uFFFD' },
    exit: { exitCode: 1, oomKilled: false, logTail: ['half \uFFFD, whole \u{1F600}, \\\\\uFFFD'], at: 0 },
  });
});

test('a server without an owner is refused', async (t) => {
  const row = serverRow('00000000-0000-7000-8000-000000000000');
  await t.throwsAsync(writeServers(db.pool, row), { message: /foreign key/ });
});

const reservations = async (...nodes: string[]) =>
  (
    await db.pool.query(
      `select server_id as "serverId", node_id as "nodeId", epoch, ram_mb as "ramMb", cpu_milli as "cpuMilli",
              disk_mb as "diskMb", ports
       from reservations
       where node_id = any($1) order by server_id`,
      [nodes],
    )
  ).rows;

const change = (nodeId: string, reserved: object[], released: string[] = []) => ({ nodeId, reserved, released });

const reserve = (...changes: ReturnType<typeof change>[]) =>
  inTransaction(db.pool, (client) => projectNodeReservations.apply(client, changes, []));

const held = (n: number, epoch = 1) => ({
  serverId: `00000000-0000-7000-8000-00000000000${n}`,
  epoch,
  ramMb: 1024 * n,
  cpuMilli: 500,
  diskMb: 100 * n,
  ports: n,
});

test.serial('what a turn changes of a node’s room is written, and what it leaves out stays', async (t) => {
  const nodeId = await aNode(db.pool);
  await reserve(change(nodeId, [held(1), held(2), held(4)]));
  await reserve(change(nodeId, [held(2, 2), held(3)], [held(1).serverId]));
  t.deepEqual(await reservations(nodeId), [
    { ...held(2, 2), nodeId },
    { ...held(3), nodeId },
    { ...held(4), nodeId },
  ]);
  await reserve(
    change(
      nodeId,
      [],
      [2, 3, 4].map((n) => held(n).serverId),
    ),
  );
  t.deepEqual(await reservations(nodeId), []);
});

test.serial('a server that fails over has room on both nodes until the one that it leaves gives it up', async (t) => {
  const [from, to] = [await aNode(db.pool), await aNode(db.pool)];
  await reserve(change(from, [held(1), held(2)]));
  await reserve(change(to, [held(1, 2)]));
  const both = await reservations(from, to);
  t.is(both.length, 3);
  await reserve(change(from, [], [held(1).serverId]), change(to, [held(3)]));
  t.like(await reservations(from, to), [{ nodeId: to, epoch: 2 }, { nodeId: from }, { nodeId: to }]);
});
