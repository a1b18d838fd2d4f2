/** A postmaster that an earlier Baton left behind: after a SIGKILL where the kernel could not be asked to end it. */
import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POLL_MS = 10;
/** Within which whoever adopts a process that has ended usually takes note of it. */
const REAPED_MS = 5_000;
/** Within which a server that has made its pid file has written it, too. */
const WRITTEN_MS = 1_000;

/** What is sent, and how long it is given: fast shutdown, immediate shutdown, the end. */
const SIGNALS = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/**
 * Ends the postmaster that still runs on this directory, so that nothing the dead Baton began can be committed after the
 * new one has looked. A pid file whose process is another program's by now is removed, and one that a server died on before it
 * had written it: PostgreSQL would refuse to start for either. The caller holds the lock of the data directory: no living
 * Baton owns that postmaster.
 * @returns its pid, or null when there was none
 */
export async function endOrphan(data: string): Promise<number | null> {
  const pidFile = join(data, 'postmaster.pid');
  if (await isEmpty(pidFile)) await delay(WRITTEN_MS);
  const pid = await readPid(pidFile);
  if (pid === null && (await isEmpty(pidFile))) await rm(pidFile, { force: true });
  if (pid === null || isReaped(pid)) return null;
  if (await isAlive(pid)) {
    if (!(await mayRunOn(pid, data))) {
      await rm(pidFile, { force: true });
      return null;
    }
    for (const { signal, waitMs } of SIGNALS) {
      if (await endWith(pid, signal, waitMs)) break;
    }
  }
  await reap(pid, pidFile);
  return pid;
}

/**
 * PostgreSQL takes a zombie for a server that runs. Whoever adopted it looks soon; in a container perhaps never, and then
 * the file goes: by that time the server's own children have noticed its death and ended.
 */
async function reap(pid: number, pidFile: string): Promise<void> {
  for (let waited = 0; waited < REAPED_MS; waited += POLL_MS) {
    if (isReaped(pid)) return;
    await delay(POLL_MS);
  }
  await rm(pidFile, { force: true });
}

async function endWith(pid: number, signal: NodeJS.Signals, waitMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal);
  } catch {
    return true;
  }
  for (let waited = 0; waited < waitMs; waited += POLL_MS) {
    if (!(await isAlive(pid))) return true;
    await delay(POLL_MS);
  }
  return false;
}

const isEmpty = async (path: string): Promise<boolean> => (await stat(path).catch(() => null))?.size === 0;

async function readPid(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number.parseInt(text.split('\n')[0] ?? '', 10);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

/** A postmaster's working directory is its data directory. One that is just exiting has none any more. */
async function mayRunOn(pid: number, data: string): Promise<boolean> {
  if (process.platform === 'linux') {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => null);
    return cwd === null || cwd === (await realpath(data));
  }
  const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(data);
}

/** Not even a zombie is left. */
function isReaped(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

/** A zombie is not alive: whoever adopted it in a container may never look. */
export async function isAlive(pid: number): Promise<boolean> {
  if (isReaped(pid)) return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}
