import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { commands } from '../../src/nodes/helper/commands.ts';
import { HELPER_HASH } from '../../src/nodes/helper/script.ts';
import { openHelperSession } from '../../src/nodes/helper/session.ts';
import { type HelperRun, openHelperRun, type Shell } from './helpers/baton-node.ts';
import { atMost } from './helpers/gate.ts';
import { eventually } from './helpers/waiting.ts';

const gated = atMost(2, anyTest as TestFn);

/** The same test under both shells, each with a node of its own. */
function test(title: string, body: (t: ExecutionContext, node: HelperRun) => Promise<void>): void {
  for (const shell of ['dash', 'busybox'] satisfies Shell[]) {
    gated(`${title} (${shell})`, async (t) => {
      const node = await openHelperRun(shell);
      await body(t, node).finally(() => node.close());
    });
  }
}

const manifest = (serverId: string, epoch: number, user = '') => ({ serverId, epoch, ownerId: 'owner-1', user });

test('a heartbeat tells everything about the node in one answer', async (t, node) => {
  await node.lease(1, 20_000);
  const probe = await node.startProbe('a', 3, 1);
  const ended = await node.startProbe('b', 1, 1);
  await node.engine.killContainer(ended.id);
  const before = (await readFile('/proc/uptime', 'utf8')).split(' ')[0];
  const seen = await node.run(commands.heartbeat(1));
  t.true(seen.clockMs >= Number(before) * 1000 && seen.clockMs < Number(before) * 1000 + 10_000);
  t.is(seen.bootId, (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim());
  t.deepEqual(
    [...(seen.containers ?? [])].sort((a, b) => a.serverId.localeCompare(b.serverId)),
    [
      { id: probe.id, serverId: probe.serverId, epoch: 3, state: 'running', exitCode: null },
      { id: ended.id, serverId: ended.serverId, epoch: 1, state: 'exited', exitCode: 137 },
    ],
  );
  t.deepEqual(seen.worlds, [
    { serverId: probe.serverId, epoch: 3, hasData: true },
    { serverId: ended.serverId, epoch: 1, hasData: true },
  ]);
  t.true(seen.leased && seen.watchdogs === 2 && seen.leaseEpoch === 1);
  t.true(seen.diskKb.free > 0 && seen.diskKb.free <= seen.diskKb.total);
  t.true(seen.memoryKb.available > 0 && seen.memoryKb.available <= seen.memoryKb.total);
  t.true(seen.cpu.count > 0 && seen.cpu.busyTicks > 0 && seen.cpu.busyTicks < seen.cpu.totalTicks);
  t.is(seen.helperHash, HELPER_HASH);
});

test('whoever comes with an older epoch is refused, whatever he wants', async (t, node) => {
  const server = `${node.nodeId}-s`;
  await node.run(commands.ensure(manifest(server, 5), 4));
  const stale = { code: 'stale_epoch' };
  const placement = { serverId: server, epoch: 5, leaseEpoch: 3 };
  await t.throwsAsync(node.run(commands.heartbeat(3)), stale);
  await t.throwsAsync(node.run(commands.ensure(manifest(server, 5), 3)), stale);
  await t.throwsAsync(node.run(commands.remove(server, 3)), stale);
  await t.throwsAsync(node.run(commands.keep(placement)), stale);
  await t.throwsAsync(node.run(commands.quarantine(placement)), stale);
  await t.throwsAsync(node.run(commands.uninstall(3)), stale);
  await t.throwsAsync(node.run(commands.ensure(manifest(server, 4), 4)), stale);
  await t.throwsAsync(node.run(commands.keep({ ...placement, epoch: 4, leaseEpoch: 4 })), stale);
  const error = await t.throwsAsync(node.run(commands.quarantine({ ...placement, epoch: 4, leaseEpoch: 4 })), stale);
  t.like(error, { retry: 'fenced', details: { highest: 5 } });
  t.is((await node.run(commands.heartbeat(4))).leaseEpoch, 4);
});

test('of two who raise the epoch at once, the higher one stays', async (t, node) => {
  const raised = await Promise.allSettled([7, 9, 8, 6].map((epoch) => node.run(commands.heartbeat(epoch))));
  t.is((await node.run(commands.observe())).leaseEpoch, 9);
  t.is(raised[1]?.status, 'fulfilled');
  await t.throwsAsync(node.run(commands.heartbeat(8)), { code: 'stale_epoch' });
});

test('a world is made once, measured, and removed', async (t, node) => {
  const server = `${node.nodeId}-w`;
  const root = join(node.root, 'servers', server);
  t.deepEqual(await node.run(commands.ensure(manifest(server, 1, '1234:2345'), 1)), { ok: true, existed: false });
  const made = await stat(join(root, 'data'));
  t.deepEqual([made.uid, made.gid], [1234, 2345]);
  t.deepEqual(await node.run(commands.size(server)), { ok: true, exists: false, marked: false, bytes: 0 });
  await mkdir(join(root, 'data', 'region'));
  await writeFile(join(root, 'data', 'region', 'a b.mca'), Buffer.alloc(5_000));
  await writeFile(join(root, 'data', '.hidden'), Buffer.alloc(7));
  await symlink('/bin/busybox', join(root, 'data', 'link'));
  t.deepEqual(await node.run(commands.size(server)), { ok: true, exists: true, marked: false, bytes: 5_007 });
  const look = async (...marks: string[]) => (await node.run(commands.look(server, marks))).marked;
  t.deepEqual(await Promise.all([look('region'), look('level.dat', 'region/a'), look('x', 'region')]), [
    true,
    false,
    true,
  ]);
  t.deepEqual(await node.run(commands.look(server, [])), { ok: true, exists: true, marked: true, bytes: null });
  t.deepEqual(await node.run(commands.ensure(manifest(server, 2), 1)), { ok: true, existed: true });
  t.deepEqual(JSON.parse(await readFile(join(root, 'manifest.json'), 'utf8')), {
    server_id: server,
    epoch: 2,
    owner_id: 'owner-1',
    node_id: node.nodeId,
  });
  await node.run(commands.remove(server, 1));
  t.false(existsSync(root));
  await t.notThrowsAsync(node.run(commands.remove(server, 1)), 'removing what is gone is no error');
});

test('a hidden file alone makes a world', async (t, node) => {
  const server = `${node.nodeId}-h`;
  await node.run(commands.ensure(manifest(server, 1), 1));
  await writeFile(join(node.root, 'servers', server, 'data', '.x'), '');
  t.like(await node.run(commands.size(server)), { exists: true, bytes: 0 });
  t.true((await node.run(commands.observe())).worlds[0]?.hasData);
});

test('the world of a running server is not removed', async (t, node) => {
  await node.lease(1, 20_000);
  const probe = await node.startProbe('a', 1, 1);
  await t.throwsAsync(node.run(commands.remove(probe.serverId, 1)), { code: 'world_in_use' });
  t.true(existsSync(join(probe.world, 'counter')));
});

test('a newer epoch ends what is older and puts its data aside, under its epoch and the time', async (t, node) => {
  await node.lease(1, 20_000);
  const probe = await node.startProbe('a', 2, 1);
  const other = await node.startProbe('b', 2, 1);
  const quarantine = commands.quarantine({ serverId: probe.serverId, epoch: 3, leaseEpoch: 1 });
  const { moved } = await node.run(quarantine);
  t.regex(moved ?? '', new RegExp(`^${probe.serverId}\\.2\\.\\d{8}T\\d{6}Z$`));
  t.is(await node.engine.inspectContainer(probe.id), null);
  t.true(existsSync(join(node.root, 'quarantine', moved ?? '', 'data', 'counter')));
  const seen = await node.run(commands.observe());
  t.deepEqual(seen.quarantine, [moved ?? '']);
  t.deepEqual(
    seen.worlds.map(({ serverId }) => serverId),
    [other.serverId],
  );
  t.deepEqual(await node.run(quarantine), { ok: true, moved: null }, 'twice is once');
  t.is((await node.engine.inspectContainer(other.id))?.state, 'running', 'nobody else is touched');
});

test('a container that comes late with an older epoch is ended, and the newer one goes on', async (t, node) => {
  await node.lease(1, 30_000);
  const newer = await node.startProbe('a', 4, 1);
  const late = await node.docker.createContainer({
    Image: newer.image,
    Labels: { 'baton.node': node.nodeId, 'baton.server': newer.serverId, 'baton.epoch': '3' },
  });
  // Ended while it starts, it does not even begin; then Docker says so.
  await late.start().catch(() => undefined);
  await eventually('it is ended', async () => (await node.engine.inspectContainer(late.id))?.state !== 'running');
  t.is((await node.engine.inspectContainer(newer.id))?.state, 'running');
  t.true(existsSync(join(newer.world, 'counter')), 'the data belongs to the newer one');
});

test('a conversation answers in order, and odd requests do not end it', async (t, node) => {
  const child = node.serve();
  if (child.stdout === null || child.stdin === null) throw new Error('no pipes');
  const session = openHelperSession(child.stdout, child.stdin);
  const words = (...list: string[]) => ({ ...commands.observe(), words: list });
  const [seen, ...odd] = await Promise.allSettled([
    session.run(commands.heartbeat(1)),
    session.run(words('heartbeat', '--epoch', 'x')),
    session.run(words('heartbeat', '--epoch')),
    session.run(words('heartbeat', '--epoch', '1', '--grant-until', '99999999999999999999')),
    session.run(words('observe', '$(touch', '/tmp/x)')),
    session.run(words('observe', '--server', '*')),
    session.run(words('serve')),
    session.run(words('nonsense')),
    session.run(words('ensure', '--server', '..', '--epoch', '1', '--lease', '1')),
  ]);
  t.is(seen.status, 'fulfilled');
  for (const each of odd) t.like(each, { reason: { code: 'helper_refused' } });
  const beats = await Promise.all([1, 2, 3].map(() => session.run(commands.heartbeat(1))));
  t.true(beats.every(({ clockMs }, i) => clockMs >= (beats[i - 1]?.clockMs ?? 0)));
  session.close();
  t.is((await session.ended).message, 'The machine cannot be reached: the conversation was closed.');
  await t.throwsAsync(session.run(commands.observe()), { code: 'node_unreachable' });
  await eventually('the helper has ended', () => child.exitCode === 0);
});

test('a request that is late is given up, and its answer disturbs nobody', async (t, node) => {
  const child = node.serve();
  if (child.stdout === null || child.stdin === null) throw new Error('no pipes');
  const session = openHelperSession(child.stdout, child.stdin);
  child.kill('SIGSTOP');
  await t.throwsAsync(session.run(commands.observe(), { deadlineMs: 100 }), { code: 'command_timeout' });
  child.kill('SIGCONT');
  t.is((await session.run(commands.heartbeat(2))).leaseEpoch, 2);
  child.kill('SIGKILL');
  await t.throwsAsync(session.run(commands.observe()), { code: 'node_unreachable' });
});

test('ports that somebody listens on are told', async (t, node) => {
  const server = createServer().listen(0, '127.0.0.1');
  await eventually('it listens', () => server.listening);
  const { port } = server.address() as { port: number };
  const { ports } = await node.run(commands.ports());
  server.close();
  t.true(ports.map((each) => Number.parseInt(each.split('/')[1] ?? '', 16)).includes(port));
  t.true(ports.some((each) => each.startsWith('tcp/')));
});

test('a node that is given up keeps no container and no watchdog, and loses no world', async (t, node) => {
  await node.lease(1, 20_000);
  const probe = await node.startProbe('a', 1, 1);
  const { a, b } = await node.watchdogs();
  await node.run(commands.uninstall(2));
  t.is(await node.engine.inspectContainer(probe.id), null);
  await eventually('no watchdog', () => [a, b].every((pid) => !existsSync(`/proc/${pid}`)));
  const [aside = ''] = await readdir(join(node.root, 'quarantine'));
  t.true(existsSync(join(node.root, 'quarantine', aside, 'data', 'counter')));
});

test('what a command prints is nothing but its answer', async (t, node) => {
  await t.throwsAsync(node.run({ ...commands.observe(), words: ['install'] }), { code: 'helper_refused' });
  const text = await node.raw('observe');
  t.is(text.trim().split('\n').length, 1);
});
