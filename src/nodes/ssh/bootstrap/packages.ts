/** Installing what a machine lacks, where that is allowed: as root on Debian and its kin. */
import { asRoot, runCommand } from '../run.ts';
import type { Facts } from './facts.ts';
import type { Setup } from './setup.ts';

/** Another apt may be at work just after a machine's first boot; it is waited for. */
const LOCK_TIMEOUT = 'DPkg::Lock::Timeout=120';
const DEADLINE_MS = 270_000;

export const mayInstall = ({ apt, family }: Facts): boolean => apt && /\b(debian|ubuntu)\b/.test(family);

/** Returns what apt-get complained about; null when everything is installed. */
export async function installPackages(packages: readonly string[], setup: Setup): Promise<string | null> {
  const { connection, signal } = setup;
  const apt = `apt-get -q -o ${LOCK_TIMEOUT}`;
  const script =
    `export DEBIAN_FRONTEND=noninteractive LC_ALL=C; ${apt} update && ` +
    `${apt} install -y --no-install-recommends ${packages.join(' ')}`;
  const ran = await runCommand(connection, asRoot(connection.user, `sh -c '${script}'`), {
    title: 'apt-get install',
    deadlineMs: DEADLINE_MS,
    signal,
  });
  if (ran.code === 0) return null;
  const complaints = ran.stderr.trim().split('\n');
  return complaints.findLast((line) => line.startsWith('E:')) ?? complaints.at(-1) ?? 'apt-get failed';
}
