import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { BatonError } from '../../src/errors.ts';
import { startAlone, startEmbeddedPostgres } from '../../src/persistence/embedded/index.ts';
import { isAlive } from '../../src/persistence/embedded/orphan.ts';
import { eventually } from '../eventually.ts';
import { atMost } from '../nodes/helpers/gate.ts';
import { database, directory, isRoot, otherProcess, query, run } from './embedded/helpers.ts';

const test = atMost(2, anyTest as TestFn);

test('it starts empty and keeps what was written', async (t) => {
  const dataDir = await directory(t);
  const first = await startEmbeddedPostgres({ dataDir });
  t.teardown(() => first.stop());
  await query(first, 'create table kept as select 42 as value');
  await first.stop();
  t.is(first.pid(), null);

  const second = await database(t, dataDir);
  t.deepEqual(await query(second, 'select value from kept'), [{ value: 42 }]);
  t.deepEqual(
    await query(second, "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync"),
    [{ fsync: 'on', sync: 'on' }],
  );
});

test('it runs below a directory that others may not enter', async (t) => {
  const dataDir = await directory(t, 'private');
  t.is((await stat(dataDir)).mode & 0o077, 0);
  const running = await database(t, dataDir);
  t.deepEqual(await query(running, 'select 1 as one'), [{ one: 1 }]);
  if (isRoot) {
    const status = await readFile(`/proc/${running.pid()}/status`, 'utf8');
    t.notRegex(status, /^Uid:\s+0\b/m, 'PostgreSQL must not run as root');
    t.regex(status, /^CapEff:\s+0{15}4$/m, 'only CAP_DAC_READ_SEARCH is left');
  }
});

test('it runs for a user who is not root', async (t) => {
  if (!isRoot) {
    t.pass('every other test of this file is this one');
    return;
  }
  const dataDir = await directory(t);
  await run('chown', ['nobody', dataDir]);
  const repository = new URL('../../', import.meta.url).pathname;
  const child = spawn(
    'setpriv',
    ['--reuid', 'nobody', '--clear-groups', process.execPath, 'test/persistence/embedded/owner.ts', dataDir],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  const outcome = await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')]);
  const server = Number(String(outcome[0]));
  if (!Number.isInteger(server)) {
    t.regex(String(outcome[0]), /EACCES|Cannot find module/, 'the checkout is private');
    return;
  }
  const status = await readFile(`/proc/${server}/status`, 'utf8');
  t.regex(status, /^Uid:\s+65534\b/m);
  child.kill('SIGKILL');
  await eventually('the server has ended', async () => !(await isAlive(server)));
});

test('a path too long for a socket gets one in the temporary directory, removed at the stop', async (t) => {
  const dataDir = join(await directory(t), 'deep'.repeat(20), 'deeper'.repeat(10));
  await mkdir(dataDir, { recursive: true });
  const running = await database(t, dataDir);
  const { host } = running.connection;
  t.false(host.startsWith(dataDir));
  t.deepEqual(await query(running, 'select 1 as one'), [{ one: 1 }]);
  await running.stop();
  await t.throwsAsync(stat(host), { code: 'ENOENT' });
});

test('after a SIGKILL of Baton nothing stays behind, and the next start has what was committed', async (t) => {
  const dataDir = await directory(t);
  const other = await otherProcess(t, dataDir);
  process.kill(other.baton, 'SIGKILL');
  const running = await database(t, dataDir);
  t.false(await isAlive(other.server), 'the old server has ended before the new one serves');
  t.deepEqual(await query(running, 'select 1 as one'), [{ one: 1 }]);
});

test('a server that outlived its Baton is ended before the new one starts', async (t) => {
  const dataDir = await directory(t);
  const other = await otherProcess(t, dataDir);
  t.true(await isAlive(other.server));
  // It neither starts its server again nor takes note of its end.
  process.kill(other.baton, 'SIGSTOP');
  const running = await database(t, dataDir);
  t.false(await isAlive(other.server));
  t.deepEqual(await query(running, 'select 1 as one'), [{ one: 1 }]);
});

test('a pid file whose process is another program is taken for what it is', async (t) => {
  const dataDir = await directory(t);
  const first = await startEmbeddedPostgres({ dataDir });
  const pidFile = join(dataDir, 'postgres/data/postmaster.pid');
  const text = await readFile(pidFile, 'utf8');
  await first.stop();
  await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));
  const second = await database(t, dataDir);
  t.deepEqual(await query(second, 'select 1 as one'), [{ one: 1 }]);
});

test('a server that has ended, and of whose end nobody has taken note, is no hindrance', async (t) => {
  const dataDir = await directory(t);
  const first = await startEmbeddedPostgres({ dataDir });
  const pidFile = join(dataDir, 'postgres/data/postmaster.pid');
  const text = await readFile(pidFile, 'utf8');
  await first.stop();
  // What `sleep` inherits from the shell ends at once, and stays a zombie, since `sleep` never asks for it.
  const keeper = spawn('sh', ['-c', 'true & echo $!; exec sleep 1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => keeper.kill('SIGKILL'));
  const zombie = Number(String((await once(keeper.stdout, 'data'))[0]));
  await eventually('only a zombie is left', async () => !(await isAlive(zombie)));
  await writeFile(pidFile, text.replace(/^\d+/, String(zombie)));
  const second = await database(t, dataDir);
  t.deepEqual(await query(second, 'select 1 as one'), [{ one: 1 }]);
});

test('a pid file that a server died on before it had written it is no hindrance', async (t) => {
  const dataDir = await directory(t);
  await (await startEmbeddedPostgres({ dataDir })).stop();
  await writeFile(join(dataDir, 'postgres/data/postmaster.pid'), '');
  const second = await database(t, dataDir);
  t.deepEqual(await query(second, 'select 1 as one'), [{ one: 1 }]);
});

test('an orphan that locks the directory after it was looked for is ended, and the start made again', async (t) => {
  let isLocked = true;
  const start = async () => {
    if (isLocked) throw new Error('the lock file exists');
    return 'started';
  };
  const ended = () => {
    isLocked = false;
    return Promise.resolve(true);
  };
  t.is(await startAlone(start, ended), 'started');
  isLocked = true;
  await t.throwsAsync(
    startAlone(start, () => Promise.resolve(false)),
    { message: 'the lock file exists' },
  );
});

test('a server that dies is started again by itself, on the same address', async (t) => {
  const running = await database(t, await directory(t));
  const exits: unknown[] = [];
  running.onExit((exit) => exits.push(exit));
  for (const signal of ['SIGKILL', 'SIGQUIT'] as const) {
    const before = running.pid() ?? 0;
    process.kill(before, signal);
    await eventually('another server runs', () => running.pid() !== null && running.pid() !== before);
    t.deepEqual(await query(running, 'select 1 as one'), [{ one: 1 }]);
  }
  t.is(exits.length, 2);
});

test('stopping while the server is down ends the restarting', async (t) => {
  const dataDir = await directory(t);
  const running = await startEmbeddedPostgres({ dataDir });
  const binary = join(dataDir, 'postgres/data/PG_VERSION');
  await rename(binary, `${binary}.away`);
  process.kill(running.pid() ?? 0, 'SIGKILL');
  await eventually('no server runs', () => running.pid() === null);
  await running.stop();
  t.is(running.pid(), null);
});

test('stopping while the server comes back ends it, too', async (t) => {
  const dataDir = await directory(t);
  let starts = 0;
  const comesBack = Promise.withResolvers<void>();
  const log = {
    info: () => {},
    warn: () => {},
    debug({ line }: Record<string, unknown>) {
      if (String(line).includes('starting PostgreSQL')) starts += 1;
      if (starts === 2) comesBack.resolve();
    },
  };
  const running = await startEmbeddedPostgres({ dataDir, log });
  process.kill(running.pid() ?? 0, 'SIGKILL');
  await comesBack.promise;
  t.is(running.pid(), null, 'it has begun, and is not there yet');
  await running.stop();
  t.is(running.pid(), null);
  const pidFile = join(dataDir, 'postgres/data/postmaster.pid');
  await t.throwsAsync(stat(pidFile), { code: 'ENOENT' }, 'it has been shut down');
});

test('files of another major version are left alone, and the sentence says what to do', async (t) => {
  const dataDir = await directory(t);
  await (await startEmbeddedPostgres({ dataDir })).stop();
  await writeFile(join(dataDir, 'postgres/data/PG_VERSION'), '14\n');
  const error = await t.throwsAsync(startEmbeddedPostgres({ dataDir }), { instanceOf: BatonError });
  t.is(error?.code, 'database_version');
  t.regex(error?.message ?? '', /made by PostgreSQL 14, and this Baton carries 17: .*BATON_DATA_DIR/);
});

test('a full disk is one clear sentence, and a later start with room succeeds', async (t) => {
  if (!isRoot) {
    t.pass('a file system of a given size needs root');
    return;
  }
  const dataDir = await directory(t);
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', dataDir]);
  t.teardown(() => run('umount', [dataDir]).catch(() => undefined));
  const error = await t.throwsAsync(startEmbeddedPostgres({ dataDir }), { instanceOf: BatonError });
  t.regex(error?.message ?? '', /^The database in .* could not be made: the disk is full\.$/);
  await run('mount', ['-o', 'remount,size=200m', dataDir]);
  const running = await startEmbeddedPostgres({ dataDir });
  t.deepEqual(await query(running, 'select 1 as one'), [{ one: 1 }]);
  await running.stop();
  await run('umount', [dataDir]);
});
