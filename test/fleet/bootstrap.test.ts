import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { NodeTarget } from '../../src/conductor/interfaces/link.ts';
import { createSshNode, type SshNode } from '../../src/nodes/index.ts';
import { loadProbeImage } from '../nodes/helpers/busybox-image.ts';
import { atMost } from '../nodes/helpers/gate.ts';
import { type FleetNode, startFleet } from './fleet.ts';

const gated = atMost(2, anyTest as TestFn);

interface Bare extends SshNode {
  readonly machine: FleetNode;
  readonly target: NodeTarget;
  bootstrap(user?: string): ReturnType<SshNode['link']['bootstrap']>;
  readonly steps: readonly string[];
}

/** A test with a machine of its own that Baton has never seen. */
function test(title: string, body: (t: ExecutionContext, bare: Bare) => Promise<void>): void {
  gated(title, async (t) => {
    const fleet = await startFleet({ nodes: 1, diskMb: 4_000 });
    t.teardown(() => fleet.close());
    const [machine] = fleet.nodes;
    if (machine === undefined) throw new Error('no machine');
    const { hostname, sshPort, privateKey } = machine;
    const node = createSshNode({ nodeId: 'bare', name: 'bare', keyOf: async () => privateKey });
    const steps: string[] = [];
    const at = (user: string) => ({
      nodeId: 'bare',
      name: 'bare',
      ssh: { hostname, user, port: sshPort, dockerHost: null, root: null },
      hostKey: null,
    });
    const bootstrap = (user = 'root') => node.link.bootstrap(at(user), (step) => steps.push(step), soon());
    await body(t, { ...node, machine, target: at('root'), bootstrap, steps });
    await node.link.close();
  });
}

const soon = () => AbortSignal.timeout(100_000);
const stopsWith = (message: RegExp) => ({ code: 'bootstrap_failed', message });

test('Docker that is installed but off is started', async (t, { machine, bootstrap, steps }) => {
  await machine.killEngine();
  await bootstrap();
  t.true(steps.includes('Starting Docker'));
  t.notThrows(() => machine.run('docker', 'version'));
});

test('a machine without Docker, and not of a kind that Baton installs it on, says what to do', async (t, bare) => {
  await bare.machine.killEngine();
  await bare.machine.run('rm', '/usr/bin/docker', '/usr/bin/apt-get');
  await t.throwsAsync(bare.bootstrap(), stopsWith(/has no Docker.*Install Docker Engine on it/));
});

test('an installation that fails says what apt-get said', async (t, { machine, bootstrap, steps }) => {
  await machine.killEngine();
  await machine.run('rm', '/usr/bin/docker');
  await machine.run(
    'sh',
    '-c',
    'rm -rf /var/lib/apt/lists/* /etc/apt/sources.list.d/*; : >/etc/apt/sources.list; rm /var/lib/dpkg/status',
  );
  await t.throwsAsync(
    bootstrap(),
    stopsWith(/"installing Docker": apt-get says "E: .*apt-get install docker.io iptables/),
  );
  t.true(steps.includes('Installing docker.io and iptables'));
});

test('a disk without room stops it, and says where room is needed', async (t, { machine, bootstrap }) => {
  await machine.fillDisk();
  await t.throwsAsync(bootstrap(), stopsWith(/"installing baton-node": .*\/var\/lib\/baton.*Make room/));
  await machine.freeDisk();
  await t.notThrowsAsync(bootstrap(), 'and goes on when there is');
});

test('a user with sudo sets it up, once it may use Docker', async (t, { machine, bootstrap, link, host, target }) => {
  await machine.run('useradd', '--create-home', '--shell', '/bin/sh', 'deploy');
  await t.throwsAsync(bootstrap('deploy'), stopsWith(/deploy is not root.*NOPASSWD/));
  // As sudo -n does, where it is not installed.
  const sudo = '#!/bin/sh\n[ "$1" = -n ] && shift\nexec setpriv --reuid 0 --regid 0 --clear-groups "$@"\n';
  await machine.run('sh', '-c', `printf '%s' '${sudo}' >/usr/bin/sudo && chmod 755 /usr/bin/sudo`);
  await machine.run('chmod', 'u+s', '/usr/bin/setpriv');
  await t.throwsAsync(bootstrap('deploy'), stopsWith(/deploy may not connect to .*usermod -aG docker deploy/));
  await machine.run('usermod', '-aG', 'docker', 'deploy');
  const { hostKey } = await bootstrap('deploy');
  await link.connect({ ...target, ssh: { ...target.ssh, user: 'deploy' }, hostKey }, soon());
  await link.heartbeat(1, null, soon());
  t.deepEqual(await host.worlds.ensure({ serverId: 's', epoch: 1, ownerId: 'o', user: '' }), { existed: false });
  t.deepEqual(await host.engine.inventory(), []);
});

test('cleaning the disk removes images that nobody uses, and says how much that was', async (t, bare) => {
  const { host, link, bootstrap, target, machine } = bare;
  const { hostKey } = await bootstrap();
  await link.connect({ ...target, hostKey }, soon());
  await loadProbeImage(host.engine, 'baton-test/probe:1');
  await machine.run(
    'sh',
    '-c',
    'mkdir -p /var/lib/docker/containers/x && echo 123456789 >/var/lib/docker/containers/x/x-json.log.1',
  );
  const { freedBytes } = await link.cleanDisk(soon());
  t.true(freedBytes > 500_000, `${freedBytes} bytes`);
  t.is(freedBytes % 1, 0);
  t.false(await host.engine.hasImage('baton-test/probe:1'));
  await t.throwsAsync(machine.run('ls', '/var/lib/docker/containers/x/x-json.log.1'));
});

test('a node that is given up has nothing of Baton running', async (t, { machine, bootstrap, link, target }) => {
  const { hostKey } = await bootstrap();
  await link.connect({ ...target, hostKey }, soon());
  await link.uninstall(1, soon());
  const names = await machine.run('ps', '-eo', 'args');
  t.notRegex(names, /baton-node watchdog/);
});
