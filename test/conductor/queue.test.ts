import test from 'ava';
import { eventually } from '../eventually.ts';
import { type RunningBaton, startTestBaton, type TestBaton } from './baton.ts';

const SIMULATED = {
  BATON_ENGINE: 'simulated',
  BATON_NODE_RAM_MB: '8000',
  BATON_NODE_STARTS_MAX: '10',
  BATON_SIMULATED_PULL_MS: '20',
  BATON_SIMULATED_BOOT_MS: '20',
  BATON_SIMULATED_STOP_MS: '20',
};

async function withBaton<T>(more: Record<string, string>, use: (baton: RunningBaton) => Promise<T>): Promise<T> {
  const baton = await startTestBaton({ ...SIMULATED, ...more });
  try {
    return await use(baton);
  } finally {
    await baton.end();
  }
}

/** Asks for a server without waiting for it; returns its id. */
async function wish(baton: TestBaton, name: string, ramMb: number, more: object = {}): Promise<string> {
  const body = { name, template: 'flying-squid', ram_mb: ramMb, ...more };
  return (await baton.call('POST', '/api/servers', body)).body.server.id;
}

const actor = async (baton: TestBaton, address: string) => (await baton.call('GET', `/api/actors/${address}`)).body;
const nodesOf = async (baton: TestBaton): Promise<string[]> =>
  (await baton.call('GET', '/api/actors?kind=node')).body.items.map(({ id }: { id: string }) => id);
const stop = (baton: TestBaton, id: string) => baton.run('POST', `/api/servers/${id}/stop`, { announce: '' });
const waitingIn = async (baton: TestBaton): Promise<string[]> =>
  (await actor(baton, 'queue/main')).context.entries.map((one: { server_id: string }) => one.server_id);

test.serial('many that start at once are spread over the nodes, and no node gives out more than it has', async (t) => {
  await withBaton({ BATON_SIMULATED_NODES: '4', BATON_NODE_STARTS_MAX: '2' }, async (baton) => {
    const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => wish(baton, `s${n}`, 2000)));
    const servers = await Promise.all(ids.map((id) => baton.until(id, 'running')));
    const homes = Map.groupBy(servers, (server) => server.node_id);
    t.deepEqual(
      [...homes.values()].map((all) => all.length),
      [3, 3, 3, 3],
    );
    for (const id of await nodesOf(baton)) {
      const { context } = await actor(baton, `node/${id}`);
      t.is(Object.keys(context.reservations).length, 3);
      t.true(Object.values(context.reservations).every((one) => (one as { starts_until: null }).starts_until === null));
    }
    const ports = servers.map((server) => `${server.node_id} ${server.ports[0].host}`);
    t.is(new Set(ports).size, 12, 'each has its port on the node that it is on now');
  });
});

test.serial('who finds no room waits over a restart, and starts when there is some', async (t) => {
  await withBaton({}, async (baton) => {
    const [first = '', second = ''] = await Promise.all(['a', 'b'].map((name) => baton.create(name, { ram_mb: 3000 })));
    const waiting = await wish(baton, 'c', 3000);
    await baton.until(waiting, 'queued');
    await eventually('it waits', async () => (await waitingIn(baton)).includes(waiting));
    await baton.restart();
    t.deepEqual(await waitingIn(baton), [waiting]);
    await eventually('the queue is open', async () => (await actor(baton, 'queue/main')).state.open !== undefined);
    t.is((await baton.server(waiting)).status, 'queued');
    await stop(baton, first);
    await baton.until(waiting, 'running');
    t.deepEqual(await waitingIn(baton), []);
    t.is((await baton.server(second)).status, 'running');
  });
});

test.serial(
  'one that is too large now lets smaller ones pass, and one that leaves the queue is forgotten',
  async (t) => {
    await withBaton({}, async (baton) => {
      await baton.create('a', { ram_mb: 3000 });
      const large = await wish(baton, 'large', 6000);
      await baton.until(large, 'queued');
      const small = await wish(baton, 'small', 1000);
      await baton.until(small, 'running');
      const { context } = await actor(baton, 'queue/main');
      t.is(context.entries[0].overtaken, 1);
      t.regex(context.entries[0].reason, /Others|No node|6000/);
      await stop(baton, large);
      t.is((await baton.server(large)).status, 'stopped');
      await eventually('nobody waits', async () => (await waitingIn(baton)).length === 0);
    });
  },
);

test.serial('a server that has its world on a node waits for that node', async (t) => {
  await withBaton({ BATON_SIMULATED_NODES: '2' }, async (baton) => {
    const id = await baton.create('a', { ram_mb: 3000 });
    await eventually('its world is seen', async () => (await baton.server(id)).data_exists === true);
    await stop(baton, id);
    const home = (await baton.server(id)).node_id;
    const others = await Promise.all(['b', 'c'].map((name) => baton.create(name, { ram_mb: 3000 })));
    const there = await Promise.all(others.map((other) => baton.server(other)));
    t.true(
      there.every((other) => other.node_id === home),
      'the fullest node first',
    );
    await baton.call('POST', `/api/servers/${id}/start`);
    await baton.until(id, 'queued');
    await stop(baton, others[0] ?? '');
    t.is((await baton.until(id, 'running')).node_id, home);
  });
});

test.serial('a server that no node could ever hold is refused with the largest one there is', async (t) => {
  await withBaton({}, async (baton) => {
    const id = await wish(baton, 'huge', 9000);
    const server = await baton.until(id, 'failed');
    t.is(server.last_error.code, 'no_node_large_enough');
    t.regex(server.last_error.message, /simulated, has 6950 MB/);
  });
});
