import { once } from 'node:events';
import { connect } from 'node:net';
import anyTest, { type TestFn } from 'ava';
import type { ContainerSpec } from '../../src/conductor/interfaces/engine.ts';
import { engineConformance } from './engine-conformance.ts';
import { type DockerRun, openDockerRun } from './helpers/docker.ts';
import { atMost } from './helpers/gate.ts';
import { eventually } from './helpers/waiting.ts';

const declare = anyTest as TestFn;
const test = atMost(3, declare);
let run: DockerRun;

declare.before('there is an engine', async () => {
  run = await openDockerRun();
});
declare.after.always('nothing is left behind', () => run?.close());

engineConformance(test, () => run);

const started = async (changes: Partial<ContainerSpec> = {}) => {
  const { id } = await run.engine.createContainer(run.spec(changes));
  await run.engine.startContainer(id);
  await eventually('the game listens', async () => (await run.engine.logTail(id, 10)).includes('ready'));
  return (await run.engine.inspectContainer(id)) ?? Promise.reject(new Error('gone'));
};
const networks = async (serverId: string) =>
  (await run.docker.listNetworks()).filter((network) => network.Name === `baton-${serverId}`);

test('inside, the game has no rights and no more than its share', async (t) => {
  const { id } = await started({ ramMb: 96, pidsLimit: 40, user: '1234:1234' });
  await run.engine.writeStdin(id, 'status');
  const lines = await eventually('its answer', async () => {
    const log = await run.engine.logTail(id, 100);
    return log.some((line) => line.startsWith('init')) && log;
  });
  const value = (name: string) => lines.find((line) => line.startsWith(name))?.split(/\s+/)[1];
  for (const set of ['CapInh:', 'CapPrm:', 'CapEff:', 'CapBnd:', 'CapAmb:']) t.is(value(set), '0'.repeat(16), set);
  t.is(value('NoNewPrivs:'), '1');
  t.is(value('Uid:'), '1234');
  t.is(value('memory'), String(96 * 1024 * 1024));
  t.true(['0', String(96 * 1024 * 1024)].includes(value('swap') ?? ''), 'memory and swap together are no more');
  t.is(value('pids'), '40');
  t.is(value('init'), 'docker-init');
});

test('a capability that the template names is kept, and only that', async (t) => {
  const { id } = await started({ capabilities: ['CHOWN'] });
  await run.engine.writeStdin(id, 'status');
  await eventually('CAP_CHOWN alone', async () =>
    (await run.engine.logTail(id, 100)).includes('CapEff:\t0000000000000001'),
  );
  t.pass();
});

test('Docker never starts it again, rotates its log and limits its CPU', async (t) => {
  const { id } = await run.engine.createContainer(run.spec({ cpu: 0.5 }));
  const { HostConfig } = await run.docker.getContainer(id).inspect();
  t.is(HostConfig.RestartPolicy?.Name, 'no');
  t.is(HostConfig.NanoCpus, 500_000_000);
  t.deepEqual(HostConfig.LogConfig, { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } });
});

test('the host reaches the game at its own address without a published port', async (t) => {
  const { address } = await started();
  const socket = connect(7000, address ?? '');
  const [greeting] = await once(socket, 'data');
  socket.destroy();
  t.is(String(greeting), 'hello\n');
});

test('a published port is reached on the publish address', async (t) => {
  const ports = [{ name: 'game', protocol: 'tcp', container: 7000, host: 0 }] as const;
  const { id } = await started({ ports });
  const { NetworkSettings } = await run.docker.getContainer(id).inspect();
  const [binding] = NetworkSettings.Ports['7000/tcp'] ?? [];
  t.is(binding?.HostIp, '127.0.0.1');
  const socket = connect(Number(binding?.HostPort), '127.0.0.1');
  const [greeting] = await once(socket, 'data');
  socket.destroy();
  t.is(String(greeting), 'hello\n');
});

test('a server has one small network, which goes with its last container', async (t) => {
  const first = await run.engine.createContainer(run.spec({ serverId: 'net', epoch: 1 }));
  const second = await run.engine.createContainer(run.spec({ serverId: 'net', epoch: 2 }));
  const [network, ...others] = await networks(first.serverId);
  t.deepEqual(others, []);
  t.regex(network?.IPAM?.Config?.[0]?.Subnet ?? '', /^10\.213\.\d+\.\d+\/28$/);
  await run.engine.removeContainer(first.id);
  t.is((await networks(first.serverId)).length, 1, 'the second epoch still uses it');
  await run.engine.removeContainer(second.id);
  t.deepEqual(await networks(first.serverId), []);
});

test('a second network of the name, as a killed Baton may leave it, is no hindrance', async (t) => {
  const { id, serverId } = await run.engine.createContainer(run.spec());
  const Labels = { 'baton.node': run.nodeId, 'baton.server': serverId };
  await run.docker.createNetwork({ Name: `baton-${serverId}`, Labels });
  await run.engine.startContainer(id);
  t.truthy((await run.engine.inspectContainer(id))?.address);
  t.is((await networks(serverId)).length, 1);
  await run.docker.createNetwork({ Name: `baton-${serverId}`, Labels });
  await run.engine.removeContainer(id);
  t.deepEqual(await networks(serverId), []);
});

test('servers that are made at once get networks that do not overlap', async (t) => {
  const made = await Promise.all([1, 2, 3, 4].map(() => run.engine.createContainer(run.spec())));
  const subnets = await Promise.all(
    made.map(async ({ serverId }) => (await networks(serverId))[0]?.IPAM?.Config?.[0]?.Subnet),
  );
  t.is(new Set(subnets).size, 4);
});

test('a container that could not be made leaves no network behind', async (t) => {
  const spec = run.spec({ image: 'baton-test/nowhere:1' });
  await t.throwsAsync(run.engine.createContainer(spec), { code: 'image_not_found' });
  t.deepEqual(await networks(spec.serverId), []);
});

test('the network of a container that was removed by hand is cleaned up', async (t) => {
  const { id, serverId } = await run.engine.createContainer(run.spec());
  await run.outside.remove(id);
  await eventually('the network goes', async () => (await networks(serverId)).length === 0);
  t.pass();
});

test('a stopped server starts again after its network was pruned', async (t) => {
  const { id, serverId } = await started();
  await run.engine.stopContainer(id, 10_000);
  await run.docker.getNetwork(`baton-${serverId}`).remove();
  await run.engine.startContainer(id);
  const info = await run.engine.inspectContainer(id);
  t.is(info?.state, 'running');
  t.truthy(info?.address);
});

test('a world that is not there is never made by Docker', async (t) => {
  const spec = run.spec({ dataDir: '/nonexistent/world' });
  await t.throwsAsync(run.engine.createContainer(spec), {
    code: 'data_dir_missing',
    message: /\/nonexistent\/world/,
  });
});

test('a container of the right name but with other labels is not taken for ours', async (t) => {
  const spec = run.spec();
  await run.neighbour.createContainer({ ...spec, nodeId: run.neighbourId });
  await t.throwsAsync(run.engine.createContainer(spec), { code: 'container_name_taken' });
});

test('a node sees neither the containers nor the events of another one', async (t) => {
  const theirs = await run.neighbour.createContainer(run.spec({ nodeId: run.neighbourId }));
  const ours = await run.engine.createContainer(run.spec());
  await run.events.until(ours.id, 'created');
  t.deepEqual(run.events.of(theirs.id), []);
  t.false((await run.engine.inventory()).some((container) => container.id === theirs.id));
  t.true((await run.neighbour.inventory()).some((container) => container.id === theirs.id));
});

test('a container of which a nonsensical thing is asked is refused for good', async (t) => {
  await t.throwsAsync(run.engine.createContainer(run.spec({ cpu: 4096 })), { code: 'engine_refused' });
});
