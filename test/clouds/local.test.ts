import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import Docker from 'dockerode';
import { createLocalMachine, type LocalMachine, signalAll } from '../../src/clouds/local/index.ts';
import { createDockerEngine } from '../../src/nodes/index.ts';
import { loadProbeImage } from '../nodes/helpers/busybox-image.ts';
import { atMost } from '../nodes/helpers/gate.ts';
import { baseSpec } from '../nodes/helpers/spec.ts';
import { eventually } from '../nodes/helpers/waiting.ts';

const gated = atMost(2, anyTest as TestFn);
const script = join(import.meta.dirname, '../../src/clouds/local/first-process.sh');

/** A test with a machine of its own, which is on. */
function test(title: string, body: (t: ExecutionContext, machine: LocalMachine) => Promise<void>): void {
  gated(title, async (t) => {
    const directory = join(await mkdtemp(join(tmpdir(), 'baton-machine-')), 'm');
    const machine = await createLocalMachine({ name: 'machine', directory, diskMb: 4_000 });
    try {
      await machine.boot();
      await body(t, machine);
    } finally {
      await machine.remove();
      await rm(join(directory, '..'), { recursive: true });
    }
    t.false(existsSync(directory));
  });
}

const read = (machine: LocalMachine, path: string) => readFile(machine.path(path), 'utf8');

test('a machine has a name, a clock, a boot and processes of its own', async (t, machine) => {
  t.is((await machine.run('hostname')).trim(), 'machine');
  t.not(
    await read(machine, '/proc/sys/kernel/random/boot_id'),
    await readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
  );
  const [up = ''] = (await machine.run('cat', '/proc/uptime')).split(' ');
  t.true(Number(up) < 120, 'it was switched on a moment ago');
  t.regex(await machine.run('ps', '-e'), /dockerd/);
  t.notRegex(await machine.run('ps', '-e'), /node/);
});

test('what is written in a machine is not written here, and is there after the next boot', async (t, machine) => {
  await machine.run('touch', '/usr/bin/something');
  await machine.run('rm', '/usr/bin/rsync');
  t.false(existsSync('/usr/bin/something'));
  t.true(existsSync('/usr/bin/rsync'));
  await machine.kill();
  await machine.boot();
  t.is((await machine.run('ls', '/usr/bin/something')).trim(), '/usr/bin/something');
  await t.throwsAsync(machine.run('ls', '/usr/bin/rsync'), { code: 'machine_failed', message: /No such file/ });
});

test('power that is cut ends frozen containers, too, and they write nothing more', async (t, machine) => {
  const host = `unix://${machine.path('/run/docker.sock')}`;
  const engine = createDockerEngine({ nodeId: 'm', host });
  await loadProbeImage(engine, 'baton-test/probe:1');
  const dataDir = '/var/lib/baton/servers/s/data';
  await machine.run('mkdir', '-p', dataDir);
  const spec = { ...baseSpec, nodeId: 'm', serverId: 's', image: 'baton-test/probe:1', dataDir };
  const { id } = await engine.createContainer(spec);
  await engine.startContainer(id);
  const counter = async () => Number((await read(machine, `${dataDir}/counter`).catch(() => '0')) || '0');
  await eventually('it counts', async () => (await counter()) > 0);
  await new Docker({ socketPath: new URL(host).pathname, host: undefined }).getContainer(id).pause();
  // It may stand between emptying the file and writing it.
  const last = await read(machine, `${dataDir}/counter`);
  const pids = (await machine.processes()).map(({ pid }) => pid);
  t.true(pids.length > 5);
  await machine.kill();
  t.deepEqual(
    pids.filter((pid) => existsSync(`/proc/${pid}`)),
    [],
  );
  await machine.boot();
  t.is(await read(machine, `${dataDir}/counter`), last);
});

test('a machine whose programs stand still is switched off like any other', async (t, machine) => {
  const sshd = (await machine.processes()).filter(({ name }) => name === 'sshd');
  t.true(sshd.length > 0);
  signalAll(sshd, 'SIGSTOP');
  // What has started it stands still with it, and would never see it end.
  const stopped = async () => (await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')).split(' ');
  await eventually('its entrance stands still', async () => {
    const states = (await stopped()).map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
    return (await Promise.all(states)).some((stat) => /\(nsenter\) T/.test(stat));
  });
  signalAll(sshd, 'SIGCONT');
  await machine.kill();
  t.deepEqual(await machine.processes(), []);
});

gated('a machine dies with whoever made it, and the next one that is made clears away what it left', async (t) => {
  const parent = await mkdtemp(join(tmpdir(), 'baton-machine-'));
  t.teardown(() => rm(parent, { recursive: true, force: true }));
  const [orphan, next] = [join(parent, 'orphan'), join(parent, 'next')];
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'owner.ts'), orphan], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(owner.stdout, 'data');
  const pids = JSON.parse(String(line)) as number[];
  t.true(pids.length > 3);
  t.true(existsSync(orphan));
  owner.kill('SIGKILL');
  await eventually('all of it ends', () => !pids.some((pid) => existsSync(`/proc/${pid}`)));
  const machine = await createLocalMachine({ name: 'next', directory: next, diskMb: 2_000 });
  // Another test's machine may have come before ours, and be at it.
  await eventually('it is cleared away', () => !existsSync(orphan));
  await machine.remove();
});

anyTest('shellcheck finds nothing in the first process', (t) => {
  t.notThrows(() => execFileSync('shellcheck', ['--shell=sh', script], { encoding: 'utf8' }));
});
