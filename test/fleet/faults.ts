/** What happens to machines, done to one of ours. */
import type { LocalMachine, Process } from '../../src/clouds/local/index.ts';

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

const FILLER = '/var/lib/docker/filler';

export function createFaults(machine: LocalMachine): Faults {
  const iptables = (action: '-I' | '-D', [, table, chain, ...rule]: (typeof RULES)['in' | 'out']) =>
    machine.run('iptables', '-w', '-t', table, action, chain, ...rule);

  const signal = async (name: NodeJS.Signals, which: (process: Process) => boolean) => {
    for (const { pid } of (await machine.processes()).filter(which)) process.kill(pid, name);
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
    stopSshd: () => signal('SIGSTOP', isSshd),
    contSshd: () => signal('SIGCONT', isSshd),
    stopEngine: () => signal('SIGSTOP', isEngine),
    contEngine: () => signal('SIGCONT', isEngine),
    async fillDisk() {
      const free = (await machine.run('df', '--output=avail', '-B1', '/var/lib/docker')).split('\n')[1] ?? '0';
      await machine.run('fallocate', '-l', free.trim(), FILLER);
    },
    async freeDisk() {
      await machine.run('rm', '-f', FILLER);
    },
  };
}
