/** What the sshd of a local machine needs: keys, and a configuration with nothing of this machine in it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tool } from './system.ts';

export interface Keys {
  /** Logs in as root. */
  readonly privateKey: string;
  readonly keyFile: string;
  readonly publicKey: string;
}

/** The key to log in with, in the machine's directory. */
export async function makeKeys(name: string, directory: string): Promise<Keys> {
  const keyFile = join(directory, 'id_ed25519');
  await tool(name, 'ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', keyFile);
  const [privateKey, publicKey] = await Promise.all([readFile(keyFile, 'utf8'), readFile(`${keyFile}.pub`, 'utf8')]);
  return { privateKey, publicKey, keyFile };
}

/** @param directory what the machine has as `/etc/ssh` */
export async function writeSshConfig(directory: string, { publicKey }: Keys, port: number): Promise<void> {
  const config = [
    `Port ${port}`,
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'AuthorizedKeysFile /etc/ssh/authorized_keys',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'UsePAM no',
    // Asking for names takes seconds where nobody answers.
    'UseDNS no',
    // Bash that sshd has started reads the person's `.bashrc` unless it believes that another shell is above it. This machine's
    // may take seconds, and is nothing to the local one.
    'SetEnv SHLVL=1',
  ];
  await writeFile(join(directory, 'sshd_config'), `${config.join('\n')}\n`);
  // sshd reads it as the user who wants to come in.
  await writeFile(join(directory, 'authorized_keys'), publicKey, { mode: 0o644 });
  await tool('all', 'ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'ssh_host_ed25519_key'));
}
