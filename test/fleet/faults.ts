/** What happens to machines, done to one of ours. */
import { type LocalMachine, type Process, signalAll } from '../../src/clouds/local/index.ts';
import { eventually } from '../nodes/helpers/waiting.ts';

export type Direction = 'both' | 'in' | 'out';

export interface Faults {
  /**
   * Its network takes nothing in, lets nothing out, or both, for what runs in it and for its containers. Nothing is refused:
   * packets vanish, as where a cable is cut.
   */
  cut(direction?: Direction): Promise<void>;
  heal(): Promise<void>;
  /** Docker is gone at once; containers run on. {@link LocalMachine.startEngine} brings it back. */
  killEngine(): Promise<void>;
  /** Docker ends in order, as for an update, and its containers with it. */
  endEngine(): Promise<void>;
  /** sshd and its connections stand still: what is sent is taken, and nothing is answered. */
  stopSshd(): Promise<void>;
  contSshd(): Promise<void>;
  /** Docker stands still. */
  stopEngine(): Promise<void>;
  contEngine(): Promise<void>;
  /** Leaves no room on its disk. */
  fillDisk(): Promise<void>;
  freeDisk(): Promise<void>;
}

/** Where packets pass that come in for anybody, or go out of anybody. */
const RULES = {
  in: ['-t', 'raw', 'PREROUTING', '-i', 'eth0', '-j', 'DROP'],
  out: ['-t', 'mangle', 'POSTROUTING', '-o', 'eth0', '-j', 'DROP'],
} as const;

/** On the same disk as everything else. */
const FILLED = '/var/lib/docker';

export function createFaults(machine: LocalMachine): Faults {
  const iptables = (action: '-I' | '-D', [, table, chain, ...rule]: (typeof RULES)['in' | 'out']) =>
    machine.run('iptables', '-w', '-t', table, action, chain, ...rule);

  const signal = async (name: NodeJS.Signals, which: (process: Process) => boolean) => {
    signalAll((await machine.processes()).filter(which), name);
  };
  const isSshd = ({ name }: Process) => name.startsWith('sshd');
  const isEngine = ({ name }: Process) => name === 'dockerd' || name === 'containerd';

  const heal = async () => {
    for (const rule of Object.values(RULES)) {
      for (;;) {
        const gone = await iptables('-D', rule).then(
          () => false,
          () => true,
        );
        if (gone) break;
      }
    }
  };

  return {
    async cut(direction = 'both') {
      for (const [name, rule] of Object.entries(RULES)) {
        if (direction === 'both' || direction === name) await iptables('-I', rule);
      }
    },
    heal,
    killEngine: () => signal('SIGKILL', isEngine),
    async endEngine() {
      await signal('SIGTERM', ({ name }) => name === 'dockerd');
      await eventually('Docker has ended', async () => !(await machine.processes()).some(isEngine));
    },
    stopSshd: () => signal('SIGSTOP', isSshd),
    contSshd: () => signal('SIGCONT', isSshd),
    stopEngine: () => signal('SIGSTOP', isEngine),
    contEngine: () => signal('SIGCONT', isEngine),
    async fillDisk() {
      const free = (await machine.run('df', '--output=avail', '-BM', FILLED)).split('\n')[1] ?? '0M';
      // What is asked for at once leaves a little, which is taken block by block.
      const most = `fallocate -l ${Math.max(1, Number.parseInt(free, 10) - 64)}M ${FILLED}/filler`;
      const rest = `while dd if=/dev/zero bs=4k count=100000 oflag=append conv=notrunc,fsync of=${FILLED}/rest; do :; done`;
      await machine.run('sh', '-c', `${most} && { ${rest}; } 2>/dev/null; true`);
    },
    async freeDisk() {
      await machine.run('rm', '-f', `${FILLED}/filler`, `${FILLED}/rest`);
    },
  };
}
