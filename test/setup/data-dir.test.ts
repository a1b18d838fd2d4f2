import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { BatonError } from '../../src/errors.ts';
import { openDataDir } from '../../src/setup/data-dir.ts';
import { processIdentity } from '../../src/setup/process-identity.ts';

async function directory(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'baton-data-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function holder(t: ExecutionContext, path: string): Promise<{ child: ChildProcess; said: string }> {
  const script = fileURLToPath(new URL('./lock-holder.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data');
  return { child, said: String(said).trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('the first start makes directory, token and instance id; the second finds the same', async (t) => {
  const path = join(await directory(t), 'new');
  const first = await openDataDir(path, null);
  t.true(first.adminTokenMade);
  t.regex(first.adminToken, /^[\w-]{43}$/);
  t.is((await stat(first.adminTokenPath)).mode & 0o777, 0o600);
  t.is((await stat(path)).mode & 0o066, 0, 'others may not look inside');
  await first.release();
  const second = await openDataDir(path, null);
  t.false(second.adminTokenMade);
  t.is(second.adminToken, first.adminToken);
  t.is(second.instanceId, first.instanceId);
});

test('a token from the settings replaces the stored one, for the CLI too', async (t) => {
  const path = await directory(t);
  await (await openDataDir(path, null)).release();
  const opened = await openDataDir(path, 'a-token-from-outside');
  t.is(opened.adminToken, 'a-token-from-outside');
  t.is(await readFile(opened.adminTokenPath, 'utf8'), 'a-token-from-outside\n');
});

test('a token file that others may read is closed again', async (t) => {
  const path = await directory(t);
  const first = await openDataDir(path, null);
  await first.release();
  await chmod(first.adminTokenPath, 0o644);
  await openDataDir(path, null);
  t.is((await stat(first.adminTokenPath)).mode & 0o777, 0o600);
});

test('a second process is refused with the pid of the first, until that one is killed', async (t) => {
  const path = await directory(t);
  const first = await holder(t, path);
  t.is(first.said, 'held');
  const refused = await holder(t, path);
  t.is(
    refused.said,
    `Another Baton (process ${first.child.pid}) uses the data directory ${path}: stop it first, or set BATON_DATA_DIR to another directory.`,
  );
  await kill(first.child);
  t.is((await holder(t, path)).said, 'held');
});

test('of ten processes that find a dead lock at once, one gets it', async (t) => {
  const path = await directory(t);
  await kill((await holder(t, path)).child);
  const all = await Promise.all(Array.from({ length: 10 }, () => holder(t, path)));
  t.is(all.filter(({ said }) => said === 'held').length, 1);
  const winner = all.find(({ said }) => said === 'held');
  t.is(all.filter(({ said }) => said.includes(`process ${winner?.child.pid})`)).length, 9);
  t.is((await readdir(path)).filter((name) => name.includes('lock')).length, 1);
});

test('a lock whose pid is another process by now holds nobody off', async (t) => {
  const path = await directory(t);
  await writeFile(join(path, 'lock-7'), JSON.stringify({ pid: process.ppid, identity: 'an earlier boot/123' }));
  const opened = await openDataDir(path, null);
  t.deepEqual(await readdir(path), ['admin-token', 'instance-id', 'lock-8']);
  await opened.release();
});

test('a damaged lock holds nobody off', async (t) => {
  const path = await directory(t);
  await writeFile(join(path, 'lock-1'), '{"pid":');
  await t.notThrowsAsync(openDataDir(path, null));
});

test('the identity of a process is its own, and gone with it', async (t) => {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  const identity = await processIdentity(pid);
  t.truthy(identity);
  t.is(await processIdentity(pid), identity);
  t.not(identity, await processIdentity(process.ppid));
  await kill(child);
  t.is(await processIdentity(pid), null);
});

test('a data directory that cannot be made is one clear sentence', async (t) => {
  const file = join(await directory(t), 'file');
  await writeFile(file, '');
  const error = await t.throwsAsync(openDataDir(join(file, 'below'), null), { instanceOf: BatonError });
  t.is(error?.code, 'data_dir_not_usable');
  t.regex(error?.message ?? '', /^The data directory .*\/file\/below cannot be used \(ENOTDIR/);
});
