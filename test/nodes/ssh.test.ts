import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import ssh2 from 'ssh2';
import { HELPER_SCRIPT } from '../../src/nodes/helper/script.ts';
import { networksIn } from '../../src/nodes/ssh/networks.ts';
import { createSshNode } from '../../src/nodes/ssh/node.ts';
import { atMost } from './helpers/gate.ts';
import { openSshNode, type SshNodeRun, type SshNodeRunOptions } from './helpers/ssh-node.ts';
import { keyPair } from './helpers/sshd.ts';
import { eventually, freePort } from './helpers/waiting.ts';

const gated = atMost(2, anyTest as TestFn);

/** A test with a node of its own, which is not set up yet. */
function test(
  title: string,
  body: (t: ExecutionContext, node: SshNodeRun) => Promise<void>,
  options: SshNodeRunOptions = {},
): void {
  gated(title, async (t) => {
    const node = await openSshNode(options);
    await body(t, node).finally(() => node.close());
  });
}

const soon = () => AbortSignal.timeout(60_000);
const none = () => undefined;

/** Short, so that nobody waits long for what will not answer. */
const IMPATIENT = { connectMs: 4_000, channelMs: 3_000, beatMs: 3_000, keepAliveMs: 60_000, circuitOpenMs: [400] };
/** What is said without asking the machine; a busy test machine takes its time. */
const AT_ONCE_MS = 500;

async function msOf(run: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await run();
  return performance.now() - before;
}

test('a bootstrap tells its steps, and what the machine is', async (t, node) => {
  const { hostKey, ramMb, cpus, bootId } = await node.link.bootstrap(node.target, node.say, soon());
  const printed = execFileSync('ssh-keygen', ['-lf', join(node.sshd.directory, 'host_key')], { encoding: 'utf8' });
  t.is(hostKey, `ssh-ed25519 ${printed.split(' ')[1]}`, 'as an operator sees it');
  t.true(ramMb > 100 && cpus >= 1);
  t.is(bootId, (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim());
  t.regex(node.steps.join('\n'), /Connecting to root@127.0.0.1:\d+\n.*Pinned the host key ssh-ed25519 SHA256:/);
  t.regex(node.steps.join('\n'), /Brought baton-node to .*\nThe watchdog runs by itself\nIt has \d+ MB of memory/);
});

test('a bootstrap that is done again finds everything done', async (t, node) => {
  await node.setUp();
  const said = node.steps.length;
  const again = await node.link.bootstrap(node.target, node.say, soon());
  t.is(again.hostKey, node.target.hostKey ?? '');
  t.true(node.steps.slice(said).includes('baton-node is there'));
  t.is((await node.link.connect(node.target, soon())).watchdogs, 2);
});

test('the script is uploaded when it is another one, and only then', async (t, node) => {
  await node.setUp();
  const path = join(node.root, 'baton-node');
  const { ino } = await stat(path);
  await node.link.close();
  await node.link.connect(node.target, soon());
  t.is((await stat(path)).ino, ino, 'the same file');
  await writeFile(path, `${HELPER_SCRIPT}# an older version\n`);
  await node.link.close();
  await node.link.connect(node.target, soon());
  t.is(await readFile(path, 'utf8'), HELPER_SCRIPT);
  t.is((await node.link.observe(soon())).watchdogs, 2, 'and watches');
});

test('a heartbeat is answered, a grant taken, an older epoch refused for good', async (t, node) => {
  await node.setUp();
  const { clockMs, bootId } = await node.link.observe(soon());
  t.like(await node.link.heartbeat(3, { untilMs: clockMs + 10_000, bootId }, soon()), { granted: true, leaseEpoch: 3 });
  t.like(await node.link.heartbeat(3, null, soon()), { granted: null });
  await t.throwsAsync(node.link.heartbeat(2, null, soon()), { code: 'stale_epoch' });
});

test('worlds are kept under the lease that this process works with', async (t, node) => {
  const { worlds } = node.host;
  const manifest = { serverId: 's1', epoch: 1, ownerId: 'o', user: '1000:1000' };
  await t.throwsAsync(worlds.ensure(manifest), { code: 'node_unreachable' }, 'not before there is a connection');
  await node.setUp();
  await t.throwsAsync(worlds.ensure(manifest), { code: 'node_unreachable' }, 'nor before there was a heartbeat');
  await node.link.heartbeat(2, null, soon());
  t.deepEqual(await worlds.ensure(manifest), { existed: false });
  t.is(worlds.dataDir('s1'), join(node.root, 'servers/s1/data'));
  t.is((await stat(worlds.dataDir('s1'))).uid, 1000);
  await writeFile(join(worlds.dataDir('s1'), 'level'), 'four');
  t.deepEqual(await worlds.look('s1', []), { exists: true, marked: null });
  t.is(await worlds.measure('s1'), 4);
  await worlds.remove('s1');
  t.deepEqual(await worlds.look('s1', []), { exists: false, marked: null });
});

test('ports that somebody holds are known', async (t, node) => {
  await node.setUp();
  const free = await freePort();
  const ports = [node.sshd.port, free].map((host) => ({ protocol: 'tcp', host }) as const);
  t.deepEqual(await node.host.portsTaken(ports), new Set([`tcp/${node.sshd.port}`]));
});

test('another host key than the pinned one is refused for good, and nothing is sent there', async (t, node) => {
  await node.setUp();
  const { hostKey = '' } = node.target;
  await node.sshd.stop();
  await node.sshd.changeHostKey();
  await node.sshd.start();
  const expectation = {
    code: 'host_key_changed',
    message: new RegExp(`instead of ${hostKey?.replaceAll('+', '\\+')}`),
  };
  const error = await t.throwsAsync(node.link.connect(node.target, soon()), expectation);
  t.like(error, { retry: 'permanent' });
  await t.throwsAsync(node.link.bootstrap(node.target, none, soon()), expectation, 'nor is it pinned anew');
  await t.throwsAsync(node.link.observe(soon()), expectation);
  await t.throwsAsync(node.host.engine.inventory(), { code: 'node_unreachable' });
});

test('a machine that has no host key of the pinned kind any more is another one', async (t, node) => {
  await node.setUp();
  await node.sshd.stop();
  await node.sshd.changeHostKey('ecdsa');
  await node.sshd.start();
  await t.throwsAsync(node.link.connect(node.target, soon()), {
    code: 'host_key_changed',
    message: /none of that kind instead of ssh-ed25519/,
  });
});

test('a machine that was never set up is not connected to', async (t, node) => {
  await t.throwsAsync(node.link.connect(node.target, soon()), { code: 'host_key_unknown' });
});

test('why a machine cannot be reached is a sentence', async (t, node) => {
  const { ssh } = node.target;
  const to = (changes: Partial<typeof ssh>) =>
    node.link.bootstrap({ ...node.target, ssh: { ...ssh, ...changes } }, none, soon());
  const unreachable = (message: RegExp) => ({ code: 'node_unreachable', message });
  await t.throwsAsync(to({ port: await freePort() }), unreachable(/nothing listens at .* is sshd running/));
  await t.throwsAsync(to({ hostname: 'nowhere.invalid' }), unreachable(/the name nowhere.invalid is not known/));
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    .listen(0, '127.0.0.1')
    .unref();
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await t.throwsAsync(to({ port }), unreachable(/does not speak SSH/));
  await t.throwsAsync(to({ user: 'nobody' }), { code: 'node_auth_failed', message: /lets nobody in as nobody/ });
});

test('a key that is none, or another one, is told apart', async (t, node) => {
  const withKey = (privateKey: string) =>
    createSshNode({ nodeId: node.target.nodeId, name: 'x', keyOf: async () => privateKey, root: node.root });
  const stranger = keyPair();
  const locked = ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'secret', cipher: 'aes256-cbc', rounds: 1 });
  const trying = (key: string) => withKey(key).link.bootstrap(node.target, none, soon());
  await t.throwsAsync(trying(stranger.private), { code: 'node_auth_failed' });
  await t.throwsAsync(trying('not a key'), { code: 'node_key_unusable' });
  await t.throwsAsync(trying(stranger.public), { code: 'node_key_unusable' });
  await t.throwsAsync(trying(locked.private), { code: 'node_key_unusable', message: /passphrase/ });
});

test('without all rights nothing is set up, and the sentence says how to give them', async (t, node) => {
  await node.sshd.stop();
  await node.sshd.start([
    'ForceCommand setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$SSH_ORIGINAL_COMMAND"',
  ]);
  await t.throwsAsync(node.link.bootstrap(node.target, none, soon()), {
    code: 'bootstrap_failed',
    message: /root is not root.*NOPASSWD: ALL/,
  });
});

test('a shell that does not do what it is told stops the bootstrap with what it said', async (t, node) => {
  await node.sshd.stop();
  await node.sshd.start(['ForceCommand echo This account is not available']);
  await t.throwsAsync(node.link.bootstrap(node.target, none, soon()), {
    code: 'bootstrap_failed',
    message: /This account is not available/,
  });
});

test('an sshd that forbids forwarding stops the bootstrap with what to set', async (t, node) => {
  await node.sshd.stop();
  await node.sshd.start(['AllowStreamLocalForwarding no']);
  await t.throwsAsync(node.link.bootstrap(node.target, none, soon()), {
    code: 'bootstrap_failed',
    message: /AllowStreamLocalForwarding yes/,
  });
});

test(
  'an sshd that hangs fails calls by their deadline and then at once, and slows no other node',
  async (t, node) => {
    const other = await openSshNode();
    t.teardown(() => other.close());
    await Promise.all([node.setUp(), other.setUp()]);
    const { link, host } = node;
    node.sshd.freeze();
    for (let missed = 0; missed < 3; missed++) {
      const ms = await msOf(() => t.throwsAsync(link.heartbeat(1, null, soon()), { code: 'command_timeout' }));
      t.true(ms < IMPATIENT.beatMs * 2, `missed after ${Math.round(ms)} ms`);
    }
    for (const call of [
      () => host.engine.inventory(),
      () => host.worlds.look('x', []),
      () => host.portsTaken([]),
      () => host.engine.remote?.dial('127.0.0.1', 1, soon()) ?? Promise.resolve(),
    ]) {
      const ms = await msOf(() => t.throwsAsync(call, { code: 'node_unreachable' }));
      t.true(ms < AT_ONCE_MS, `${Math.round(ms)} ms`);
    }
    t.true((await msOf(() => other.link.heartbeat(1, null, soon()))) < IMPATIENT.beatMs);
    t.true((await other.host.engine.inventory()).length >= 0);
    node.sshd.thaw();
    const back = await eventually('it is back', () => link.connect(node.target, soon()).catch(() => null));
    t.is(back.watchdogs, 2);
    t.deepEqual(await host.engine.inventory(), []);
  },
  { limits: IMPATIENT },
);

test(
  'while somebody tries whether a hanging machine is back, all others are told at once',
  async (t, node) => {
    await node.setUp();
    node.sshd.freeze();
    await node.link.close();
    // The first tries go on while the circuit is still closed, the last ones while it is half open.
    for (let tries = 0; tries < 5; tries++) {
      const trying = t.throwsAsync(node.link.connect(node.target, soon()), { code: 'node_unreachable' });
      const told = t.throwsAsync(node.host.engine.inventory(), { code: 'node_unreachable' });
      t.true((await msOf(() => told)) < AT_ONCE_MS);
      await trying;
    }
  },
  { limits: { ...IMPATIENT, connectMs: 1_500 } },
);

/** The way to a port of this machine over a link on which everything takes `delayMs`. Returns its own port. */
async function slowLink(port: number, delayMs: number): Promise<number> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => void sleep(delayMs).then(() => to.write(chunk)));
      from.on('error', none).on('close', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server.unref(), 'listening');
  return (server.address() as AddressInfo).port;
}

test('one who waits shortly, again and again, gets in where logging in takes long', async (t, node) => {
  await node.setUp();
  await node.link.close();
  const ssh = { ...node.target.ssh, port: await slowLink(node.sshd.port, 150) };
  const tries = async () => node.link.connect({ ...node.target, ssh }, AbortSignal.timeout(1_000)).catch(() => null);
  t.is(await tries(), null, 'once is not enough');
  t.truthy(await eventually('it gets in', tries));
});

test(
  'a connection over which nothing comes any more is found out without anybody asking',
  async (t, node) => {
    await node.setUp();
    const tunnel = await node.host.engine.remote?.dial('127.0.0.1', node.sshd.port, soon());
    const broken = tunnel && once(tunnel, 'error');
    node.sshd.freeze();
    t.regex((await broken)?.[0].message, /does not answer any more/);
  },
  { limits: { keepAliveMs: 500 } },
);

test('a connection that breaks off fails what is under way, and the next one who asks opens another', async (t, node) => {
  await node.setUp();
  const { engine } = node.host;
  await engine.inventory();
  const following = new AbortController();
  let connections = 0;
  const connected = () => {
    connections += 1;
  };
  engine.watch(none, connected, following.signal);
  t.teardown(() => following.abort());
  await eventually('events are followed', () => connections === 1);
  const silent = createServer().listen(0, '127.0.0.1').unref();
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const tunnel = await node.host.engine.remote?.dial('127.0.0.1', port, soon());
  const broken = tunnel && once(tunnel, 'error');
  node.sshd.dropConnections();
  // Whoever notices first says it: the connection that is gone, or the helper at its other end.
  t.true(['connection_lost', 'node_unreachable'].includes((await broken)?.[0].code));
  await t.throwsAsync(engine.inventory(), { code: 'node_unreachable' });
  t.is((await node.link.heartbeat(1, null, soon())).leaseEpoch, 1);
  t.deepEqual(await engine.inventory(), []);
  await eventually('events are followed again', () => connections === 2);
  following.abort();
});

test('when the lease runs out, the connection that it came through ends, with every call in it', async (t, node) => {
  await node.setUp();
  const { link, host } = node;
  const { clockMs, bootId } = await link.observe(soon());
  t.true((await link.heartbeat(1, { untilMs: clockMs + 3_000, bootId }, soon())).granted);
  await eventually('the watchdog hangs up', async () => {
    const thrown = await host.engine.info().catch((error: Error) => error);
    return thrown instanceof Error && /there is no connection/.test(thrown.message);
  });
  t.like(await link.observe(soon()), { leaseEpoch: 1 }, 'and a new one is for whoever asks');
});

anyTest('the networks of a machine are read out of its table of routes', (t) => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'wg0\t40A8C00A\t00000000\t0001\t0\t0\t0\tC0FFFFFF\t0\t0\t0',
    '',
  ].join('\n');
  t.deepEqual(networksIn(table), ['172.17.0.0/16', '10.192.168.64/26']);
});
