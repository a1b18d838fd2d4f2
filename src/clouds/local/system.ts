/** The tools of this machine that make others. */
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errors } from '../errors.ts';

const run = promisify(execFile);

/** Debian's root has these, an environment that was cut down may not. */
export const ROOT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Runs a program to its end and returns what it printed. Throws `machine_failed` with its complaint. */
export async function tool(machine: string, program: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(program, args, { env: { ...process.env, PATH: ROOT_PATH } });
    return stdout;
  } catch (cause) {
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
    const reason = (said || String(cause)).split('\n').at(-1)?.replace(/\.$/, '');
    throw errors.machine_failed({ name: machine, step: `${program} ${args.join(' ')}`, reason }, { cause });
  }
}

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** As the kernel knows it: the first 15 characters of its program. */
  readonly name: string;
}

/**
 * Everything that runs in the process namespace of `first` and below it, by the pids of ours. Containers have namespaces of
 * their own, but are children of what is in the machine's.
 */
export async function processesWith(first: number): Promise<Process[]> {
  const namespace = await namespaceOf(first);
  if (namespace === null) return [];
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
  const all = (await Promise.all(pids.map(describe))).filter((each) => each !== null);
  const found = new Map(all.filter((each) => each.namespace === namespace).map((each) => [each.pid, each]));
  // A map is walked through to its end, also to what is added on the way.
  for (const pid of found.keys()) {
    for (const each of all) if (each.parent === pid) found.set(each.pid, each);
  }
  return [...found.values()];
}

/** What tells this run of a process from every other one with its pid; null when none runs. */
export async function bornAt(pid: number): Promise<string | null> {
  return (await statOf(pid))?.[19] ?? null;
}

const namespaceOf = (pid: number): Promise<string | null> => readlink(`/proc/${pid}/ns/pid`).catch(() => null);

async function describe(pid: number): Promise<(Process & { readonly namespace: string | null }) | null> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => null);
  const [namespace, stat] = [await namespaceOf(pid), await statOf(pid)];
  return name === null || stat === null ? null : { pid, parent: Number(stat[1]), name: name.trim(), namespace };
}

/** From the state on: what comes before is the name, which may hold anything. */
async function statOf(pid: number): Promise<string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? null;
}

/** Sends a signal to those that are still there. */
export function signalAll(processes: readonly { readonly pid: number }[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
