import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { errors } from './errors.ts';
import { ROOT_PATH } from './machine.ts';

const run = promisify(execFile);

/** Another apt may be at work just after a machine's first boot; it is waited for. */
const LOCK_TIMEOUT = 'DPkg::Lock::Timeout=120';
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** The command that does by hand what {@link installPackages} does. */
export const installCommand = (packages: readonly string[]): string =>
  `apt-get install -y --no-install-recommends ${packages.join(' ')}`;

/**
 * Installs Debian packages. Root only.
 * @throws `packages_not_installed` with what apt-get complained about
 */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, PATH: ROOT_PATH, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) =>
    run('apt-get', ['-q', '-o', LOCK_TIMEOUT, ...args], { env, maxBuffer: OUTPUT_BYTES_MAX });
  try {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', ...packages);
  } catch (cause) {
    const complaint = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    const reason = complaint.split('\n').findLast((line) => line.startsWith('E:')) ?? complaint.split('\n').at(-1);
    throw errors.packages_not_installed({ packages: packages.join(' '), reason }, { cause });
  }
}
