/** Can machines be made out of this one? */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '../errors.ts';
import { ROOT_PATH } from './system.ts';

/** Program → Debian's package that has it. */
const NEEDED: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  'mkfs.ext4': 'e2fsprogs',
  losetup: 'mount',
  ip: 'iproute2',
  iptables: 'iptables',
  dockerd: 'docker.io',
  sshd: 'openssh-server',
  'ssh-keygen': 'openssh-client',
};

/** Throws `local_unsupported`, which says what to do. */
export async function checkLocalSupport(): Promise<void> {
  const refuse = (reason: string, advice: string) => errors.local_unsupported({ reason, advice });
  if (process.platform !== 'linux')
    throw refuse('it does not run Linux', 'Run Baton on Linux, or in a virtual machine.');
  if (process.getuid?.() !== 0) throw refuse('only root may make namespaces', 'Run it as root.');
  const missing = await Promise.all(
    Object.keys(NEEDED).map(async (program) => ((await has(program)) ? [] : [program])),
  );
  const programs = missing.flat();
  if (programs.length === 0) return;
  const packages = new Set(programs.map((program) => NEEDED[program]));
  throw refuse(`${programs.join(', ')} missing`, `Install them: apt-get install ${[...packages].join(' ')}.`);
}

async function has(program: string): Promise<boolean> {
  const tries = ROOT_PATH.split(':').map((directory) => access(join(directory, program), constants.X_OK));
  return (await Promise.allSettled(tries)).some(({ status }) => status === 'fulfilled');
}
