import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { visit } from '../../src/games/player.ts';
import { eventually } from '../eventually.ts';
import { CACHE_DIR } from '../games/helpers/targets.ts';
import { openDockerProxy } from '../nodes/helpers/proxy.ts';
import { openRegistry } from '../nodes/helpers/registry.ts';
import { startTestBaton, type TestBaton, withBaton } from './baton.ts';

const theBaton = withBaton(test);

test.serial('A server is made, played on, stopped, started, deleted, had back and purged', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow');
  const { body: connection } = await baton.call('GET', `/api/servers/${id}/connection`);
  const place = { host: connection.host, port: connection.port, name: 'Alex', seconds: 1 };
  const visited = await visit(place, CACHE_DIR, AbortSignal.timeout(60_000));
  t.is(typeof visited.x, 'number');
  // What the game says of him would be taken for its answer.
  await eventually('the game has seen him go', async () => {
    const { body: log } = await baton.call('GET', `/api/servers/${id}/logs`);
    return log.lines.some((line: string) => /Alex.* disconnected/.test(line));
  });
  const { status, body } = await baton.call('POST', `/api/servers/${id}/exec`, { command: 'list' });
  t.is(status, 200);
  t.regex(body.output, /players|online/i);
  t.is((await baton.run('POST', `/api/servers/${id}/stop`)).status, 'succeeded');
  const stopped = await baton.server(id);
  t.is(stopped.status, 'stopped');
  t.true(stopped.data_exists);
  await eventually('its world is measured', async () => (await baton.server(id)).data_bytes > 0, 120_000);
  t.is((await baton.run('POST', `/api/servers/${id}/start`)).status, 'succeeded');
  const again = await baton.server(id);
  t.deepEqual(again.ports, stopped.ports);
  t.is(again.epoch, stopped.epoch + 1);
  t.is((await baton.containers(id)).length, 1);
  t.is((await baton.run('DELETE', `/api/servers/${id}?stop_first=true`)).status, 'succeeded');
  t.false((await baton.call('GET', `/api/servers`)).body.items.some((server: { id: string }) => server.id === id));
  t.is((await baton.run('POST', `/api/servers/${id}/undelete`)).status, 'succeeded');
  t.is((await baton.server(id)).status, 'stopped');
  t.deepEqual((await baton.server(id)).ports, stopped.ports);
  await baton.run('DELETE', `/api/servers/${id}`);
  t.is((await baton.run('DELETE', `/api/servers/${id}/purge`)).status, 'succeeded');
  t.is((await baton.call('GET', `/api/servers/${id}`)).status, 404);
  t.deepEqual(await baton.containers(id), []);
});

/** What its owner would notice of a container. */
async function made(baton: TestBaton, containerId: string) {
  const { Config, HostConfig, Mounts, Image } = await baton.docker.getContainer(containerId).inspect();
  const { PortBindings, Memory, NanoCpus, CapAdd, CapDrop, SecurityOpt } = HostConfig;
  return {
    image: Image,
    env: Config.Env,
    user: Config.User,
    world: Mounts[0]?.Source,
    ...{ PortBindings, Memory, NanoCpus, CapAdd, CapDrop, SecurityOpt },
  };
}

test.serial('What happens behind our back is seen: stopped, removed, crashed', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow');
  const first = await baton.server(id);
  await baton.docker.getContainer(first.container_id).stop();
  t.is((await baton.until(id, 'stopped', 5_000)).last_error, null);

  await baton.run('POST', `/api/servers/${id}/start`);
  const second = await baton.server(id);
  const lost = await made(baton, second.container_id);
  await writeFile(join(lost.world ?? '', 'a-castle'), 'stone');
  await baton.docker.getContainer(second.container_id).remove({ force: true });
  const missing = await baton.until(id, 'missing', 5_000);
  t.true(missing.data_exists);
  await baton.run('POST', `/api/servers/${id}/start`);
  const third = await baton.server(id);
  t.deepEqual(third.ports, first.ports);
  t.deepEqual(third.env, first.env);
  t.is(third.image, first.image);
  t.deepEqual(await made(baton, third.container_id), lost, 'the container itself is as it was');
  t.is(await readFile(join(lost.world ?? '', 'a-castle'), 'utf8'), 'stone');

  await baton.docker.getContainer(third.container_id).kill();
  const crashed = await baton.until(id, 'crashed', 5_000);
  t.is(crashed.exit.exit_code, 137);
  t.false(crashed.exit.oom_killed);
  t.true(crashed.exit.log_tail.length > 0);
  await baton.until(id, 'running');
});

test.serial('A server crashes three times within the window and is left to a person', async (t) => {
  const baton = theBaton();
  const id = await baton.create('meadow');
  for (let crash = 1; crash <= 3; crash += 1) {
    const { container_id } = await baton.until(id, 'running');
    await baton.docker.getContainer(container_id).kill();
    if (crash < 3) await baton.until(id, 'crashed', 5_000);
  }
  t.is((await baton.until(id, 'failed')).last_error.code, 'crash_loop');
});

test.serial('A stopped Baton leaves its servers running, and finds them again', async (t) => {
  const baton = theBaton();
  const [stays, goes] = [await baton.create('stays'), await baton.create('goes')];
  const before = await baton.server(stays);
  const { container_id } = await baton.server(goes);
  await baton.docker.getContainer(container_id).stop();
  await baton.restart();
  await baton.until(goes, 'stopped', 5_000);
  const after = await baton.server(stays);
  t.is(after.status, 'running');
  t.is(after.container_id, before.container_id);
  t.is(after.epoch, before.epoch);
});

test.serial(
  'An engine that is away for a while holds up a stop and not a delete; what is left of it goes when it is back',
  async (t) => {
    const proxy = await openDockerProxy();
    t.teardown(() => proxy.close());
    const baton = await startTestBaton({ DOCKER_HOST: proxy.host });
    t.teardown(() => baton.end());
    const id = await baton.create('meadow');
    await proxy.refuse();
    const { body } = await baton.call('POST', `/api/servers/${id}/stop`);
    const stop = async () => (await baton.call('GET', `/api/operations/${body.operation.id}`)).body;
    await eventually('the stop says what it waits for', async () => /tried again/.test((await stop()).message));
    t.is((await stop()).status, 'running');
    await proxy.heal();
    await baton.until(id, 'stopped');
    t.is((await stop()).status, 'succeeded');
    await proxy.refuse();
    t.is((await baton.run('DELETE', `/api/servers/${id}`)).status, 'succeeded');
    t.is((await baton.server(id)).status, 'deleted');
    t.is((await baton.containers(id)).length, 1);
    await proxy.heal();
    const end = performance.now() + 20_000;
    while ((await baton.containers(id)).length > 0 && performance.now() < end) await baton.server(id);
    t.deepEqual(await baton.containers(id), []);
  },
);

test.serial('An image that its registry does not have is a lasting error that names it', async (t) => {
  const registry = await openRegistry('life');
  t.teardown(() => registry.close());
  const templates = await mkdtemp(join(tmpdir(), 'baton-templates-'));
  t.teardown(() => rm(templates, { recursive: true }));
  const { id: _, build: __, ...plain } = parse(await readFile('config/templates/flying-squid.yaml', 'utf8'));
  const image = `${registry.address}/game`;
  await writeFile(
    join(templates, 'absent.yaml'),
    stringify({ ...plain, id: 'absent', image, imageTag: 'no-such-tag' }),
  );
  const baton = await startTestBaton({ BATON_TEMPLATES_DIR: templates });
  t.teardown(() => baton.end());
  const { body: answer } = await baton.call(
    'POST',
    '/api/servers',
    { name: 'meadow', template: 'absent' },
    { prefer: 'wait=60' },
  );
  t.like(answer.operation, { status: 'failed', error: { code: 'image_not_found', retry: 'permanent' } });
  t.true(answer.operation.error.message.includes(`${image}:no-such-tag`));
  t.is(answer.server.status, 'failed');
});
