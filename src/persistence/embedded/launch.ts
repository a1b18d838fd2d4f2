/**
 * How a PostgreSQL program is started: as the right user, with no more rights than it needs, and bound to our own life.
 *
 * `setpriv` does what Node cannot. It asks the kernel to send the postmaster SIGINT (fast shutdown) when we die, so that
 * a SIGKILL of Baton leaves no orphan. And where root keeps Baton below a directory that others may not enter (`/root`),
 * it leaves PostgreSQL one capability, to pass through directories and read; `no_setuid_fixup` makes access(2), by which
 * PostgreSQL checks its own files, honour it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import which from 'which';
import type { Account } from './account.ts';
import { errors } from './errors.ts';

/** Starts a program of PostgreSQL with its output piped. */
export type Launch = (program: string, args: readonly string[]) => ChildProcess;

export interface LaunchOptions {
  /** Null: as ourselves. */
  readonly account: Account | null;
  /** Paths that the program must reach. */
  readonly paths: readonly string[];
  /** Where it runs; its user must be able to enter it. */
  readonly cwd: string;
}

/** Bits of `CapEff` in /proc/self/status, in the order of preference. A container often has only the stronger one. */
const PASSING = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
];

/** @throws `database_setpriv_missing` when the account cannot reach the paths and nothing can let it in */
export async function launcher({ account, paths, cwd }: LaunchOptions): Promise<Launch> {
  const setpriv = process.platform === 'linux' ? await which('setpriv', { nothrow: true }) : null;
  const barrier = account === null ? null : await firstBarrier(account, paths);
  if (account !== null && barrier !== null && setpriv === null) {
    throw errors.database_setpriv_missing({ user: account.name, path: barrier });
  }
  const wrapper = setpriv === null ? [] : [setpriv, ...(await setprivArguments(account, barrier !== null)), '--'];
  const user = setpriv === null && account !== null ? { uid: account.uid, gid: account.gid } : {};
  // Locale C makes messages English, whatever the operator's is. Detached: Ctrl-C is for us, not for the database.
  const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  return (program, args) => {
    const [first = program, ...rest] = [...wrapper, program, ...args];
    return spawn(first, rest, { ...user, cwd, detached: true, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  };
}

async function setprivArguments(account: Account | null, barred: boolean): Promise<string[]> {
  const bound = ['--pdeathsig', 'INT', '--no-new-privs'];
  if (account === null) return bound;
  const kept = barred ? `,+${await passingCapability()}` : '';
  const identity = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  const rights = ['inh-caps', 'ambient-caps', 'bounding-set'].map((set) => `--${set}=-all${kept}`);
  return [...bound, ...identity, ...(barred ? ['--securebits=+no_setuid_fixup'] : []), ...rights];
}

async function passingCapability(): Promise<string> {
  const status = await readFile('/proc/self/status', 'utf8');
  const held = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return PASSING.find(({ bit }) => (held >> bit) & 1n)?.name ?? 'dac_override';
}

/** The first directory above one of the paths that the account may not enter; null when there is none. */
async function firstBarrier(account: Account, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    let directory = dirname(await realpath(path));
    while (directory !== dirname(directory)) {
      const { uid, gid, mode } = await stat(directory);
      const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
      if ((mode & bit) === 0) return directory;
      directory = dirname(directory);
    }
  }
  return null;
}
