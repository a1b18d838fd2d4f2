/** A local machine's power: the namespaces that it is, from its first process to its last. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from '../errors.ts';
import { removeGroups, thaw } from './cgroups.ts';
import { removeVeth } from './network.ts';
import type { Place } from './places.ts';
import { processesWith, ROOT_PATH, signalAll, tool } from './system.ts';

export interface Power {
  /** Outside; it holds the namespaces, and ends when the first process does. */
  readonly holder: ChildProcess;
  /** The first process, by our pid. */
  readonly first: number;
  readonly name: string;
  /** The file that is its disk. */
  readonly disk: string;
}

const CLOSE_MS = 30_000;
const POLL_MS = 50;
const FIRST_PROCESS = join(import.meta.dirname, 'first-process.sh');

/** Starts the first process in its namespaces, and waits until it has set up the rest. */
export async function switchOn(name: string, directory: string, { group }: Place): Promise<Power> {
  const [uptime = '0'] = (await readFile('/proc/uptime', 'utf8')).split('.');
  const namespaces = ['--net', '--mount', '--pid', '--uts', '--ipc', '--time', `--boottime=-${uptime}`];
  const holder = spawn(
    'setpriv',
    // The kernel ends the holder with us, and the first process with the holder.
    [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...namespaces,
      '--fork',
      '--kill-child',
      'sh',
      FIRST_PROCESS,
      directory,
      name,
      group,
    ],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: ROOT_PATH } },
  );
  let complaint = '';
  holder.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk;
  });
  const ended = once(holder, 'exit');
  const ready = await Promise.race([once(holder.stdout, 'data').then(() => true), ended.then(() => false)]);
  const pid = holder.pid ?? 0;
  const [child] = ready ? (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ') : [];
  if (child === undefined || child === '') {
    holder.kill('SIGKILL');
    const reason = complaint.trim().split('\n').at(-1) || 'its first process ended';
    throw errors.machine_failed({ name, step: 'switch on', reason });
  }
  holder.stdout.destroy();
  holder.stderr.destroy();
  holder.unref();
  return { holder, first: Number(child), name, disk: join(directory, 'disk.img') };
}

/** Ends everything in it at once: nothing is asked, nothing is written any more. */
export async function switchOff({ holder, first, name, disk }: Power, { veth, group }: Place): Promise<void> {
  holder.ref();
  const over = holder.exitCode === null && holder.signalCode === null ? once(holder, 'exit') : null;
  await removeVeth(veth);
  // What is frozen takes its signal only when it thaws, and must have got it by then.
  signalAll(await processesWith(first), 'SIGKILL');
  await thaw(group);
  await over;
  await removeGroups(group);
  // The kernel closes the disk a moment later. Opened twice it would be written by two that do not know of each other.
  for (let waitedMs = 0; (await tool(name, 'losetup', '--associated', disk)) !== ''; waitedMs += POLL_MS) {
    if (waitedMs >= CLOSE_MS) throw errors.machine_failed({ name, step: 'switch off', reason: `${disk} stays open` });
    await sleep(POLL_MS);
  }
}
