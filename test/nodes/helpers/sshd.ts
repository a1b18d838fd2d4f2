/** A real sshd of a test's own: loopback, own port, own keys, and nothing of the machine's configuration. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { processes } from './processes.ts';
import { eventually, freePort } from './waiting.ts';

export interface Sshd {
  readonly directory: string;
  readonly port: number;
  /** Logs in as root. */
  readonly privateKey: string;
  /** Makes it a machine that was set up anew, or another one that took its place. */
  changeHostKey(kind?: 'ed25519' | 'ecdsa'): Promise<void>;
  /** From now on it takes no connection and ends those that there are. */
  stop(): Promise<void>;
  /** Starts it again, with further lines in its configuration. */
  start(lines?: readonly string[]): Promise<void>;
  /** It and all its connections stand still: nothing is closed, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Ends its connections, as a network that forgets them would; new ones are taken. */
  dropConnections(): void;
  close(): Promise<void>;
}

export async function openSshd(): Promise<Sshd> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-sshd-'));
  let port = await freePort();
  const client = keyPair();
  // sshd gives up its rights to a user that may look into this directory only.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  await writeFile(join(directory, 'authorized_keys'), client.public, { mode: 0o600 });
  let running: ReturnType<typeof spawn> | null = null;

  const changeHostKey = async (kind: 'ed25519' | 'ecdsa' = 'ed25519') => {
    await writeFile(join(directory, 'host_key'), keyPair(kind).private, { mode: 0o600 });
  };

  const start = async (lines: readonly string[] = []) => {
    const config = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${join(directory, 'host_key')}`,
      `PidFile ${join(directory, 'sshd.pid')}`,
      `AuthorizedKeysFile ${join(directory, 'authorized_keys')}`,
      'PermitRootLogin prohibit-password',
      'PasswordAuthentication no',
      'StrictModes no',
      'UsePAM no',
      // Bash below sshd reads root's `.bashrc` unless it believes that another shell is above it; it may take seconds.
      'SetEnv SHLVL=1',
      ...lines,
    ];
    await writeFile(join(directory, 'sshd_config'), `${config.join('\n')}\n`);
    const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'sshd_config')], { stdio: 'ignore' });
    // One that a failed test has left behind is found and told at the end; it must not keep the tests from ending.
    sshd.unref();
    running = sshd;
    await eventually('sshd listens or has ended', async () => sshd.exitCode !== null || (await listens(port)));
    return sshd.exitCode === null;
  };

  /** Somebody may have taken the port since it was free. */
  const startSomewhere = async () => {
    await changeHostKey();
    for (let tries = 0; tries < 3; tries += 1) {
      if (await start()) return;
      port = await freePort();
    }
    throw new Error('sshd does not start');
  };

  const stop = async () => {
    const sshd = running;
    running = null;
    if (sshd === null) return;
    const pids = treeOf(sshd.pid);
    const ended = once(sshd, 'exit');
    sshd.ref();
    signalAll(pids, 'SIGKILL');
    await ended;
  };

  await startSomewhere();
  return {
    directory,
    port,
    privateKey: client.private,
    changeHostKey,
    async start(lines) {
      if (!(await start(lines))) throw new Error('sshd does not start');
    },
    stop,
    freeze: () => signalAll(treeOf(running?.pid), 'SIGSTOP'),
    thaw: () => signalAll(treeOf(running?.pid), 'SIGCONT'),
    dropConnections: () => signalAll(connectionsOf(running?.pid), 'SIGKILL'),
    async close() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Of the keys that ssh2 makes it finds one in 200 malformed itself. */
export function keyPair(kind: 'ed25519' | 'ecdsa' = 'ed25519') {
  for (;;) {
    const pair =
      kind === 'ecdsa' ? ssh2.utils.generateKeyPairSync(kind, { bits: 256 }) : ssh2.utils.generateKeyPairSync(kind);
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair;
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => resolve(true)).once('error', () => resolve(false));
    socket.once('data', () => socket.destroy());
  });

/** sshd and the processes of its connections, without what runs in them. */
function treeOf(root: number | undefined): number[] {
  return root === undefined ? [] : [root, ...connectionsOf(root)];
}

function connectionsOf(root: number | undefined): number[] {
  const all = processes();
  const below = (pid: number): number[] =>
    all
      .filter(({ parent, name }) => parent === pid && name.startsWith('sshd'))
      .flatMap((child) => [child.pid, ...below(child.pid)]);
  return root === undefined ? [] : below(root);
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
