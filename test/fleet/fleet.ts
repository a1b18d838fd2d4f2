/** Real nodes on one machine, and what can happen to them. Everything goes when the test's process does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootLocalMachines, checkLocalSupport, type LocalMachine } from '../../src/clouds/local/index.ts';
import { createFaults, type Faults } from './faults.ts';

export interface FleetNode extends LocalMachine, Faults {
  /** Its Docker, as in `DOCKER_HOST`, past its network and its sshd; while it is on. */
  dockerHost(): string;
}

export interface Fleet {
  readonly nodes: readonly FleetNode[];
  close(): Promise<void>;
}

export interface FleetOptions {
  readonly nodes?: number;
  readonly diskMb?: number;
}

export async function startFleet({ nodes: count = 3, diskMb = 20_000 }: FleetOptions = {}): Promise<Fleet> {
  await checkLocalSupport();
  const directory = await mkdtemp(join(tmpdir(), 'baton-fleet-'));
  const machines = await bootLocalMachines({ count, directory, diskMb });
  return {
    nodes: machines.map((machine) => ({
      ...machine,
      ...createFaults(machine),
      dockerHost: () => `unix://${machine.path('/run/docker.sock')}`,
    })),
    async close() {
      await Promise.all(machines.map((machine) => machine.remove()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
