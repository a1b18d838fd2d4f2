import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { BatonError } from '../../src/errors.ts';
import { detectDocker } from '../../src/nodes/index.ts';
import { daemonLogPath, startDocker, startedByUs, stopDocker } from '../../src/setup/docker-daemon.ts';
import { describeMachine, hasProgram } from '../../src/setup/machine.ts';

const run = promisify(execFile);
const possible = (await describeMachine()).root && (await hasProgram('dockerd'));

async function place(t: ExecutionContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-dockerd-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const engine = join(dataDir, 'engine');
  await mkdir(engine);
  // An engine that fails to start leaves the mount of its own data behind.
  t.teardown(() => run('umount', [`${engine}/data`]).catch(() => undefined));
  const host = `unix://${engine}/docker.sock`;
  const roots = ['--data-root', `${engine}/data`, '--exec-root', `${engine}/exec`, '--pidfile', `${engine}/pid`];
  // In a network of its own: an engine without a bridge removes `docker0`, which is another engine's.
  const args = ['dockerd', '--host', host, ...roots, '--bridge', 'none', '--iptables=false', '--ip6tables=false'];
  return { dataDir, own: { host, command: ['unshare', '--net', ...args] as [string, ...string[]] } };
}

test.serial('an engine that we start answers, is known as ours, and is stopped by us', async (t) => {
  if (!possible) return t.pass('starting an engine needs root and dockerd');
  const { dataDir, own } = await place(t);
  t.false(await startedByUs(dataDir));
  t.false(await stopDocker(dataDir), 'nothing to stop');
  await startDocker(dataDir, own);
  t.teardown(() => stopDocker(dataDir));
  t.true((await detectDocker(own.host)).available);
  t.true(await startedByUs(dataDir));
  t.regex(await readFile(daemonLogPath(dataDir), 'utf8'), /API listen on/);
  t.true(await stopDocker(dataDir));
  t.false((await detectDocker(own.host)).available);
  t.false(await startedByUs(dataDir));
});

test.serial('an engine that does not start says why in one sentence', async (t) => {
  if (!possible) return t.pass('starting an engine needs root and dockerd');
  const { dataDir, own } = await place(t);
  const broken = { ...own, command: [...own.command, '--storage-driver', 'no-such-driver'] as [string, ...string[]] };
  const error = await t.throwsAsync(startDocker(dataDir, broken), { instanceOf: BatonError });
  t.is(error?.code, 'docker_not_started');
  t.regex(error?.message ?? '', /^The Docker engine did not start: .*driver not supported$/);
});
