/**
 * A machine made out of this one: namespaces for its processes, network, mounts, name and clock, a disk in a file, this machine's
 * filesystem below its own changes, a Docker engine and an sshd. It dies with the process that made it, whatever that dies of.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errors } from '../errors.ts';
import { enter } from './enter.ts';
import { connectVeth } from './network.ts';
import { type Place, takePlace } from './places.ts';
import { type Power, switchOff, switchOn } from './power.ts';
import { makeKeys, writeSshConfig } from './ssh-files.ts';
import { type Process, processesWith, ROOT_PATH, tool } from './system.ts';

export interface LocalMachineOptions {
  readonly name: string;
  /** Where its disk and its keys are kept; made, and removed with it. Absolute, without `,` and `:`. */
  readonly directory: string;
  /** Of its disk; a file takes only as much of ours as is written. */
  readonly diskMb: number;
}

export interface LocalMachine {
  readonly name: string;
  /** Where it is reached, also its published ports. */
  readonly hostname: string;
  readonly sshPort: number;
  /** Our end of its cable: with this link down it is cut off. It is another one after each boot, of the same name. */
  readonly link: string;
  readonly user: string;
  readonly privateKey: string;
  readonly keyFile: string;
  /** Runs a program inside and returns what it printed. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Where a file or socket of the machine is reached from outside, without its network; while it is on. */
  path(inside: string): string;
  /** Starts a program inside that stays. Its output goes to a file of its name in the directory. */
  start(program: string, ...args: readonly string[]): Promise<void>;
  /** What runs inside, by our pids; none while it is off. */
  processes(): Promise<Process[]>;
  /** Switches it on: a new boot, Docker and sshd started, and answering. */
  boot(): Promise<void>;
  startEngine(): Promise<void>;
  /** Cuts its power: everything in it ends at once, and its disk stays. */
  kill(): Promise<void>;
  /** Cuts its power and removes it. */
  remove(): Promise<void>;
}

const SSH_PORT = 22;
const START_MS = 60_000;
const POLL_MS = 50;

/** Makes a machine, which is off. Throws `machine_failed`, `no_free_machine`. */
export async function createLocalMachine({ name, directory, diskMb }: LocalMachineOptions): Promise<LocalMachine> {
  const place = await takePlace(directory);
  try {
    for (const inner of ['disk', 'root', 'ssh']) await mkdir(join(directory, inner), { recursive: true });
    await tool(name, 'truncate', '--size', `${diskMb}M`, join(directory, 'disk.img'));
    await tool(name, 'mkfs.ext4', '-q', '-F', '-m', '0', join(directory, 'disk.img'));
    const keys = await makeKeys(name, directory);
    await writeSshConfig(join(directory, 'ssh'), keys, SSH_PORT);
    return machineAt(place, name, directory, keys.privateKey, keys.keyFile);
  } catch (thrown) {
    await place.release();
    throw thrown;
  }
}

function machineAt(place: Place, name: string, directory: string, privateKey: string, keyFile: string): LocalMachine {
  let power: Power | null = null;
  const entrances = new Set<ChildProcess>();
  const inside = (): number => {
    if (power === null) throw errors.machine_failed({ name, step: 'enter', reason: 'it is off' });
    return power.first;
  };

  const run: LocalMachine['run'] = (program, ...args) => tool(name, ...enter(inside()), program, ...args);

  const start: LocalMachine['start'] = async (program, ...args) => {
    const into = enter(inside());
    const log = await open(join(directory, `${program.split('/').at(-1)}.log`), 'a', 0o600);
    // As everything of it, the entrance ends with us.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...into, program, ...args], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { PATH: ROOT_PATH, HOME: '/root' },
    });
    entrances.add(child);
    child.once('exit', () => entrances.delete(child));
    await once(child, 'spawn').finally(() => log.close());
    child.unref();
  };

  const answers = async (what: string, ...question: readonly [string, ...string[]]): Promise<void> => {
    const [program, ...args] = question;
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const refusal = await run(program, ...args).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (refusal === null) return;
      if (waitedMs >= START_MS) throw errors.machine_failed({ name, step: `start ${what}`, reason: String(refusal) });
      await sleep(POLL_MS);
    }
  };

  const startEngine = async () => {
    // One that was killed leaves its pid behind, and another process may have it.
    await run('rm', '-f', '/var/run/docker.pid');
    await start('dockerd');
    await answers('Docker', 'docker', 'version');
  };

  const kill = async () => {
    const was = power;
    power = null;
    // One whose program was stopped (SIGSTOP) has stopped itself, and would keep it from ever being gone.
    for (const entrance of entrances) entrance.kill('SIGKILL');
    if (was !== null) await switchOff(was, place);
  };

  return {
    name,
    hostname: place.theirs,
    sshPort: SSH_PORT,
    link: place.veth,
    user: 'root',
    privateKey,
    keyFile,
    run,
    path: (path) => join('/proc', String(inside()), 'root', path),
    start,
    startEngine,
    kill,
    processes: async () => (power === null ? [] : processesWith(power.first)),
    async boot() {
      if (power !== null) return;
      power = await switchOn(name, directory, place);
      await connectVeth(name, place, power.first);
      await start('/usr/sbin/sshd', '-D', '-e');
      await startEngine();
    },
    async remove() {
      await kill();
      await place.release();
    },
  };
}
