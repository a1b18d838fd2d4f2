/** The interleavings that the design names, as far as they need no backups and no second node, against real Docker. */
import test from 'ava';
import { eventually } from '../eventually.ts';
import { startTestBaton, type TestBaton, withBaton } from './baton.ts';

const theBaton = withBaton(test);

const post = (baton: TestBaton, id: string, command: string) => baton.call('POST', `/api/servers/${id}/${command}`);

/** Waits for an operation's end through the API. */
async function ended(
  baton: TestBaton,
  operation: { id: string },
): Promise<{ status: string; error: { code: string } }> {
  const end = performance.now() + 60_000;
  for (;;) {
    const { body } = await baton.call('GET', `/api/operations/${operation.id}`);
    if (body.status !== 'running') return body;
    if (performance.now() > end) throw new Error(`operation ${operation.id} does not end`);
  }
}

test.serial(
  'Start and delete: the delete is refused while it starts, and taken with stop_first, whatever the start has made',
  async (t) => {
    const baton = theBaton();
    const id = await baton.create('meadow', { start: false });
    const { body: starting } = await post(baton, id, 'start');
    const refused = await baton.call('DELETE', `/api/servers/${id}`);
    t.is(refused.status, 409);
    t.is(refused.body.code, 'invalid_transition');
    t.is(refused.body.operation.id, starting.operation.id);
    const deleted = await baton.call('DELETE', `/api/servers/${id}?stop_first=true`);
    t.is(deleted.status, 202);
    t.is((await ended(baton, starting.operation)).status, 'cancelled');
    t.is((await ended(baton, deleted.body.operation)).status, 'succeeded');
    await baton.until(id, 'deleted');
    const end = performance.now() + 20_000;
    while ((await baton.containers(id)).length > 0 && performance.now() < end) await baton.server(id);
    t.deepEqual(await baton.containers(id), []);
  },
);

test.serial('Stop and start: the start waits in the queue of one when it may, and runs after the stop', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow');
  const { body: stopping } = await post(baton, id, 'stop');
  const refused = await post(baton, id, 'start');
  t.is(refused.status, 409);
  const waiting = await baton.call('POST', `/api/servers/${id}/start`, { if_busy: 'queue' });
  t.is(waiting.status, 202);
  t.is((await ended(baton, stopping.operation)).status, 'succeeded');
  t.is((await ended(baton, waiting.body.operation)).status, 'succeeded');
  t.is((await baton.server(id)).status, 'running');
  t.is((await baton.containers(id)).length, 1);
});

test.serial('Two starts at once: one is taken, one is refused, one container runs', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow', { start: false });
  const answers = await Promise.all([post(baton, id, 'start'), post(baton, id, 'start')]);
  t.deepEqual(answers.map(({ status }) => status).sort(), [202, 409]);
  await baton.until(id, 'running');
  t.is((await baton.containers(id)).length, 1);
});

test.serial(
  'Stop while it starts, at many moments: it ends stopped, with no container running and no room held',
  async (t) => {
    const baton = theBaton();
    const id = await baton.create('meadow', { start: false });
    for (const afterMs of [0, 5, 20, 80, 200, 400, 700]) {
      const { body: starting } = await post(baton, id, 'start');
      const until = performance.now() + afterMs;
      while (performance.now() < until) await baton.server(id);
      const { status, body } = await post(baton, id, 'stop');
      t.is(status, 202);
      t.is((await ended(baton, body.operation)).status, 'succeeded');
      t.regex((await ended(baton, starting.operation)).status, /cancelled|succeeded/);
      t.is((await baton.server(id)).status, 'stopped');
      const running = (await baton.containers(id)).filter(({ State }) => State === 'running');
      t.deepEqual(running, []);
    }
    // The node hears of it by a message, after the server has stopped.
    await eventually('the room is free', async () => {
      const { body: node } = await baton.call('GET', `/api/actors/node/${baton.nodeId}`);
      return node.context.reservations[id] === undefined;
    });
  },
);

test.serial('Kill while it stops: the stop is cancelled, the container is dead, the server stopped', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow');
  const { body: stopping } = await post(baton, id, 'stop');
  const { status, body: killing } = await post(baton, id, 'kill');
  t.is(status, 202);
  t.is((await ended(baton, stopping.operation)).status, 'cancelled');
  t.is((await ended(baton, killing.operation)).status, 'succeeded');
  t.is((await baton.server(id)).status, 'stopped');
  t.is((await baton.containers(id)).filter(({ State }) => State === 'running').length, 0);
});

test.serial('No room: the server waits, and starts when another one stops', async (t) => {
  const baton = await startTestBaton({ BATON_NODE_RAM_MB: '2048' });
  t.teardown(() => baton.end());
  const first = await baton.create('first', { ram_mb: 700 });
  const { body } = await baton.call('POST', '/api/servers', { name: 'second', template: 'flying-squid', ram_mb: 700 });
  const queued = await baton.until(body.server.id, 'queued');
  t.is(queued.attempt, 0);
  t.truthy(queued.next_attempt_at);
  await baton.run('POST', `/api/servers/${first}/stop`);
  await baton.until(body.server.id, 'running');
  t.is((await ended(baton, body.operation)).status, 'succeeded');
});

test.serial('A rebuild that does not come up gives the old container back, running', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow');
  const before = await baton.server(id);
  const nodeOptions = (value: string | null) =>
    baton.run('PATCH', `/api/servers/${id}`, { env: { NODE_OPTIONS: value } });
  // The game's program ends at once with it.
  await nodeOptions('--no-such-option');
  const { body } = await baton.call('POST', `/api/servers/${id}/rebuild`);
  t.is((await ended(baton, body.operation)).error?.code, 'boot_failed');
  const after = await baton.server(id);
  t.is(after.status, 'running');
  t.is(after.container_id, before.container_id);
  t.is(after.image_tag, before.image_tag);
  await nodeOptions(null);
  const rebuilt = await baton.run('POST', `/api/servers/${id}/rebuild`);
  t.is(rebuilt.status, 'succeeded');
  t.not((await baton.server(id)).container_id, before.container_id);
  t.is((await baton.containers(id)).length, 1);
});
