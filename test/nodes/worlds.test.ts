import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import anyTest, { type TestFn } from 'ava';
import { createWorlds } from '../../src/nodes/index.ts';

const test = anyTest as TestFn<{ root: string }>;

test.beforeEach(async (t) => {
  t.context.root = await mkdtemp(join(tmpdir(), 'baton-worlds-'));
});
test.afterEach.always((t) => rm(t.context.root, { recursive: true, force: true }));

const manifest = { serverId: 'server-1', epoch: 1, ownerId: 'owner-1', user: '' };

test('a new world is an empty directory with a manifest beside it', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  t.deepEqual(await worlds.ensure(manifest), { existed: false });
  const data = worlds.dataDir('server-1');
  t.is(data, join(t.context.root, 'servers', 'server-1', 'data'));
  t.deepEqual(await readdir(data), []);
  t.deepEqual(await readdir(dirname(data)), ['data', 'manifest.json'], 'and nothing half-written');
  t.deepEqual(JSON.parse(await readFile(join(dirname(data), 'manifest.json'), 'utf8')), {
    server_id: 'server-1',
    epoch: 1,
    owner_id: 'owner-1',
    node_id: 'node-1',
  });
});

test('an existing world is kept, and only its manifest moves on', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  await worlds.ensure(manifest);
  const level = join(worlds.dataDir('server-1'), 'level.dat');
  await writeFile(level, 'precious');
  t.deepEqual(await worlds.ensure({ ...manifest, epoch: 2 }), { existed: true });
  t.is(await readFile(level, 'utf8'), 'precious');
  const text = await readFile(join(dirname(worlds.dataDir('server-1')), 'manifest.json'), 'utf8');
  t.is(JSON.parse(text).epoch, 2);
});

test('a path that is relative becomes absolute, because a mount must be', (t) => {
  const worlds = createWorlds(relative(process.cwd(), t.context.root), 'node-1');
  t.is(worlds.dataDir('server-1'), join(t.context.root, 'servers', 'server-1', 'data'));
});

test('a world is what lies in the directory: none, empty and emptied ones are not there', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  t.false((await worlds.look('server-1', [])).exists);
  t.is(await worlds.measure('server-1'), 0);
  await worlds.ensure(manifest);
  t.false((await worlds.look('server-1', [])).exists);
  await mkdir(join(worlds.dataDir('server-1'), 'region'));
  await writeFile(join(worlds.dataDir('server-1'), 'region', 'r.0.0.mca'), Buffer.alloc(4096));
  await writeFile(join(worlds.dataDir('server-1'), 'level.dat'), Buffer.alloc(100));
  t.true((await worlds.look('server-1', [])).exists);
  t.is(await worlds.measure('server-1'), 4196);
});

test('a world is told from what else lies there by one of its marks', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  const marks = ['world/level.dat', 'world/region'];
  const look = () => worlds.look('server-1', marks);
  t.deepEqual(await look(), { exists: false, marked: false });
  await worlds.ensure(manifest);
  const data = worlds.dataDir('server-1');
  await mkdir(join(data, 'world', 'region'), { recursive: true });
  await writeFile(join(data, 'server.properties'), '');
  t.deepEqual(await look(), { exists: true, marked: true });
  await rm(join(data, 'world', 'region'), { recursive: true });
  t.deepEqual(await look(), { exists: true, marked: false });
  await rm(join(data, 'world'), { recursive: true });
  await writeFile(join(data, 'world'), 'a file where a directory should be');
  t.deepEqual(await look(), { exists: true, marked: false });
  t.deepEqual(await worlds.look('server-1', []), { exists: true, marked: null });
});

// Alone: as whom it runs, the whole process does.
test.serial('what may not be read is taken to be there, and of unknown size', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  await chmod(t.context.root, 0o755);
  await worlds.ensure(manifest);
  const closed = join(worlds.dataDir('server-1'), 'world');
  await mkdir(closed);
  const see = async (marks: string[]) => [await worlds.look('server-1', marks), await worlds.measure('server-1')];
  const seen = await asNobody(closed, () => see(['world/level.dat']));
  t.deepEqual(seen, [{ exists: true, marked: true }, null]);
  t.deepEqual(await see(['world/level.dat']), [{ exists: true, marked: false }, 0]);
});

/** Runs as somebody who may not read this directory. */
async function asNobody<T>(closed: string, run: () => Promise<T>): Promise<T> {
  await chmod(closed, 0o000);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    if (isRoot) process.seteuid?.(0);
    await chmod(closed, 0o755);
  }
}

test('links out of a world do not count, and lead nowhere', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  await worlds.ensure(manifest);
  await writeFile(join(t.context.root, 'outside'), Buffer.alloc(1_000_000));
  await symlink(join(t.context.root, 'outside'), join(worlds.dataDir('server-1'), 'file'));
  await symlink(worlds.dataDir('server-1'), join(worlds.dataDir('server-1'), 'loop'));
  t.is(await worlds.measure('server-1'), 0);
});

test('files that vanish while they are counted are no error', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  await worlds.ensure(manifest);
  const region = join(worlds.dataDir('server-1'), 'region');
  await mkdir(region);
  for (let i = 0; i < 200; i++) await writeFile(join(region, `r.${i}`), 'x');
  const counting = worlds.measure('server-1');
  await turn();
  await rm(region, { recursive: true });
  t.true(Number(await counting) <= 200);
});

test('counting ends when nobody waits for it any more', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  await worlds.ensure(manifest);
  await writeFile(join(worlds.dataDir('server-1'), 'level.dat'), 'x');
  const reason = new Error('enough');
  t.is(await t.throwsAsync(worlds.measure('server-1', AbortSignal.abort(reason))), reason);
});

test('removing takes data and manifest away, and twice is no error', async (t) => {
  const worlds = createWorlds(t.context.root, 'node-1');
  await worlds.ensure(manifest);
  await worlds.remove('server-1');
  await worlds.remove('server-1');
  t.deepEqual(await readdir(join(t.context.root, 'servers')), []);
});

test('a new world belongs to the user that the game runs as', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('only root can give files away');
  const worlds = createWorlds(t.context.root, 'node-1');
  await worlds.ensure({ ...manifest, user: '1234:4321' });
  t.like(await stat(worlds.dataDir('server-1')), { uid: 1234, gid: 4321 });
});

test('a data root that cannot be used is a permanent error that names the place', async (t) => {
  await writeFile(join(t.context.root, 'servers'), 'a file where a directory should be');
  const error = await t.throwsAsync(createWorlds(t.context.root, 'node-1').ensure(manifest), {
    code: 'data_dir_unusable',
  });
  t.regex(error?.message ?? '', /servers\/server-1/);
});

test('a full disk is told from a broken one', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('only root can mount a small disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'baton-test', t.context.root]);
  try {
    await writeFile(join(t.context.root, 'filler'), Buffer.alloc(64 * 1024)).catch(() => undefined);
    await t.throwsAsync(createWorlds(t.context.root, 'node-1').ensure(manifest), { code: 'disk_full' });
  } finally {
    execFileSync('umount', [t.context.root]);
  }
});
