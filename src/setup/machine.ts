/** What kind of machine this is, as far as setting it up goes. */
import { access, readFile } from 'node:fs/promises';
import which from 'which';

export interface Machine {
  readonly root: boolean;
  /** Debian, Ubuntu and their kin: apt-get is there. */
  readonly debian: boolean;
  /** systemd runs as pid 1 and keeps services. */
  readonly systemd: boolean;
  /** A person sits at the other end of standard input and output. */
  readonly terminal: boolean;
}

export async function describeMachine(): Promise<Machine> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return {
    root: process.getuid?.() === 0,
    debian: /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release),
    systemd: await access('/run/systemd/system').then(
      () => true,
      () => false,
    ),
    terminal: Boolean(process.stdin.isTTY && process.stdout.isTTY),
  };
}

/** A minimal root shell may lack the places where Debian keeps daemons. */
export const ROOT_PATH = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(':');

export async function hasProgram(name: string): Promise<boolean> {
  return (await which(name, { nothrow: true, path: ROOT_PATH })) !== null;
}
