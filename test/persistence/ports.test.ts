import test from 'ava';
import type { PortRequest, WantedPort } from '../../src/conductor/interfaces/stores.ts';
import type { PortRow } from '../../src/machines/server/types.ts';
import { createReads } from '../../src/persistence/reads.ts';
import { portStore } from '../../src/persistence/repositories/ports.ts';
import { withDatabase } from './database.ts';
import { aNode, anAccount, serverRow, writeServers } from './rows.ts';

const db = withDatabase(test);
const ports = () => portStore(db.database);

const GAME: WantedPort = { name: 'game', protocol: 'tcp', container: 25565, same: false };
const QUERY: WantedPort = { name: 'query', protocol: 'udp', container: 25565, same: false };
const VOICE: WantedPort = { name: 'voice', protocol: 'udp', container: 24454, same: true };

async function aServer(): Promise<string> {
  const row = serverRow(await anAccount(db.pool));
  await writeServers(db.pool, row);
  return row.id;
}

async function aRequest(changes: Partial<PortRequest> = {}): Promise<PortRequest> {
  return {
    nodeId: await aNode(db.pool),
    serverId: await aServer(),
    atHome: true,
    wanted: [GAME],
    range: { from: 30_000, to: 30_099 },
    taken: async () => new Set(),
    ...changes,
  };
}

test('the lowest free number is given, and given again to the same server', async (t) => {
  const request = await aRequest();
  const given = await ports().reservePorts(request);
  t.deepEqual(given, [{ name: 'game', protocol: 'tcp', container: 25565, host: 30_000 }]);
  t.deepEqual(await ports().reservePorts(request), given);
  t.deepEqual(await ports().portsOf(request.serverId), given);
});

test('a released number is given to the next server', async (t) => {
  const first = await aRequest();
  await ports().reservePorts(first);
  const second = await aRequest({ nodeId: first.nodeId });
  t.is((await ports().reservePorts(second))[0]?.host, 30_001);
  await ports().releasePorts(first.serverId);
  await ports().releasePorts(first.serverId);
  t.deepEqual(await ports().portsOf(first.serverId), []);
  const third = await aRequest({ nodeId: first.nodeId });
  t.is((await ports().reservePorts(third))[0]?.host, 30_000);
});

test('a server that may move has ports on both nodes, and where it is not at home they are free once it starts at home', async (t) => {
  const before = await aRequest({ wanted: [GAME, VOICE] });
  const held = await ports().reservePorts(before);
  const nodeId = await aNode(db.pool);
  await ports().reservePorts(await aRequest({ nodeId }));
  const there = await ports().reservePorts({ ...before, nodeId, atHome: false });
  t.deepEqual(
    there.map(({ name, host }) => [name, host]),
    [
      ['game', 30_001],
      ['voice', 30_000],
    ],
  );
  const beside = await ports().reservePorts(await aRequest({ nodeId: before.nodeId }));
  t.is(beside[0]?.host, 30_001, 'what it has at home is nobody else’s until it has moved');
  t.deepEqual(await ports().reservePorts({ ...before, nodeId, atHome: false }), there, 'twice is once');
  t.deepEqual(await ports().reservePorts({ ...before, nodeId }), there, 'it is at home there now');
  t.deepEqual(await ports().portsOf(before.serverId), there);
  const next = await ports().reservePorts(await aRequest({ nodeId: before.nodeId }));
  t.is(next[0]?.host, held[0]?.host);
});

test('what a server was given while another choice was made for it stays', async (t) => {
  const request = await aRequest();
  const home = await aNode(db.pool);
  let given: readonly PortRow[] = [];
  await ports().reservePorts({
    ...request,
    async taken() {
      given = await ports().reservePorts({ ...request, nodeId: home });
      return new Set();
    },
  });
  const left = await ports().portsOf(request.serverId);
  t.is(left.length, 2);
  t.deepEqual(await ports().reservePorts({ ...request, nodeId: home }), given, 'asked anew it has those alone');
  t.deepEqual(await ports().portsOf(request.serverId), given);
});

test('a server that stays at home after all gives back what it had elsewhere', async (t) => {
  const request = await aRequest();
  const held = await ports().reservePorts(request);
  const nodeId = await aNode(db.pool);
  await ports().reservePorts({ ...request, nodeId, atHome: false });
  t.deepEqual(await ports().reservePorts(request), held);
  t.deepEqual(await ports().portsOf(request.serverId), held);
  t.is((await ports().reservePorts(await aRequest({ nodeId })))[0]?.host, 30_000);
});

test('a server that cannot move keeps the ports that it has', async (t) => {
  const before = await aRequest();
  const held = await ports().reservePorts(before);
  const none = { ...before, nodeId: await aNode(db.pool), range: { from: 30_000, to: 29_999 } };
  await t.throwsAsync(ports().reservePorts(none), { code: 'no_ports' } as object);
  t.deepEqual(await ports().portsOf(before.serverId), held);
});

test('another node has its own numbers', async (t) => {
  await ports().reservePorts(await aRequest());
  t.is((await ports().reservePorts(await aRequest()))[0]?.host, 30_000);
});

test('a number that the host holds is skipped', async (t) => {
  const asked: string[] = [];
  const request = await aRequest({
    taken: async (candidates) => {
      asked.push(...candidates.map(({ protocol, host }) => `${protocol}/${host}`));
      return new Set(['tcp/30000', 'tcp/30001']);
    },
  });
  t.is((await ports().reservePorts(request))[0]?.host, 30_002);
  t.deepEqual(asked, ['tcp/30000', 'tcp/30001', 'tcp/30002']);
});

test('ports with one number inside share one outside, and `same` is the same inside', async (t) => {
  const request = await aRequest({ wanted: [VOICE, GAME, QUERY] });
  t.deepEqual(await ports().reservePorts(request), [
    { name: 'game', protocol: 'tcp', container: 25565, host: 30_001 },
    { name: 'query', protocol: 'udp', container: 25565, host: 30_001 },
    { name: 'voice', protocol: 'udp', container: 30_000, host: 30_000 },
  ]);
});

test('a port that a template has gained is added to those that were given', async (t) => {
  const request = await aRequest();
  await ports().reservePorts(request);
  const more = await ports().reservePorts({ ...request, wanted: [GAME, VOICE] });
  t.deepEqual(
    more.map(({ name, host }) => `${name} ${host}`),
    ['game 30000', 'voice 30000'],
  );
});

test('a full range is refused, by name', async (t) => {
  const first = await aRequest({ range: { from: 30_000, to: 30_000 } });
  await ports().reservePorts(first);
  const error = await t.throwsAsync(ports().reservePorts({ ...first, serverId: await aServer() }));
  t.like(error, { code: 'no_ports', retry: 'permanent', status: 422 });
  t.regex(error?.message ?? '', /between 30000 and 30000 for game/);
});

test('many callers at once get different numbers, without gaps', async (t) => {
  const nodeId = await aNode(db.pool);
  const requests = await Promise.all(Array.from({ length: 25 }, () => aRequest({ nodeId, wanted: [GAME, VOICE] })));
  for (const { nodeId: own } of requests) t.is(own, nodeId);
  const given = (await Promise.all(requests.map((request) => ports().reservePorts(request)))).flat();
  const numbers = (protocol: string) =>
    given
      .filter((port) => port.protocol === protocol)
      .map(({ host }) => host)
      .sort((a, b) => a - b);
  const expected = Array.from({ length: 25 }, (_, index) => 30_000 + index);
  t.deepEqual(numbers('tcp'), expected);
  t.deepEqual(numbers('udp'), expected);
});

test('one server that asks many times at once gets one set of ports', async (t) => {
  const request = await aRequest({ wanted: [GAME, VOICE] });
  const answers = await Promise.all(Array.from({ length: 10 }, () => ports().reservePorts(request)));
  for (const answer of answers) t.deepEqual(answer, answers[0]);
  t.is(answers[0]?.length, 2);
});

test('hundreds of servers that want ports of one node get them, and nobody who reads is turned away', async (t) => {
  const { parts } = await db.fresh();
  const database = await db.open({ target: parts, poolSize: 4, connectTimeoutMs: 2_000 });
  const nodeId = await aNode(database.pool);
  const [store, reads] = [portStore(database), createReads(database)];
  const range = { from: 30_000, to: 30_399 };
  const owner = await anAccount(database.pool);
  const servers = Array.from({ length: 400 }, () => serverRow(owner));
  await writeServers(database.pool, ...servers);
  const request = await aRequest({ nodeId, range });
  const requests = servers.map(({ id }) => ({ ...request, serverId: id }));
  const over = new AbortController();
  const reading = (async () => {
    for (let pages = 0; ; pages += 1) {
      if (over.signal.aborted) return pages;
      await reads.servers({}, { limit: 1 });
    }
  })();
  const given = (await Promise.all(requests.map((request) => store.reservePorts(request)))).flat();
  over.abort();
  t.is(new Set(given.map(({ host }) => host)).size, 400);
  t.true((await reading) > 10);
});
