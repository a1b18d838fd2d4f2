/** All machines of the fleet: the local ones, which stay, and those that are reached over SSH, which come and go. */
import { errors } from './conductor/errors.ts';
import type { Machine, Machines } from './conductor/interfaces/machines.ts';
import type { SshTarget } from './machines/node/types.ts';

export interface MachinesParts {
  readonly local: readonly Machine[];
  /** Builds what speaks to a machine over SSH. */
  readonly remote: (node: { readonly id: string; readonly name: string; readonly ssh: SshTarget }) => Machine;
}

interface Entry {
  readonly machine: Machine;
  readonly gone: AbortController;
  /** How it is reached; null for a local one. */
  readonly ssh: SshTarget | null;
}

export function createMachines({ local, remote }: MachinesParts): Machines & { close(): Promise<void> } {
  const entries = new Map<string, Entry>();
  const listeners: ((machine: Machine, signal: AbortSignal) => void)[] = [];

  const enter = (machine: Machine, ssh: SshTarget | null) => {
    const gone = new AbortController();
    entries.set(machine.host.id, { machine, gone, ssh });
    for (const listener of listeners) listener(machine, gone.signal);
  };
  const leave = async (nodeId: string) => {
    const entry = entries.get(nodeId);
    if (entry === undefined || entry.ssh === null) return;
    entries.delete(nodeId);
    entry.gone.abort();
    await entry.machine.link.close();
  };
  for (const machine of local) enter(machine, null);

  return {
    of(nodeId) {
      const entry = entries.get(nodeId);
      if (entry === undefined) throw errors.node_unknown({ id: nodeId });
      return entry.machine;
    },
    all: () => [...entries.values()].map(({ machine }) => machine),
    add(node) {
      const known = entries.get(node.id)?.ssh;
      if (known !== undefined && (known === null || isSamePlace(known, node.ssh))) return;
      // Its engine or its directory lie elsewhere now; whoever asks for it gets the new one.
      void leave(node.id);
      enter(remote(node), node.ssh);
    },
    remove: leave,
    onEach(listener) {
      listeners.push(listener);
      for (const { machine, gone } of entries.values()) listener(machine, gone.signal);
    },
    async close() {
      for (const { gone } of entries.values()) gone.abort();
      await Promise.all([...entries.values()].map(({ machine }) => machine.link.close()));
    },
  };
}

/** The link itself follows a change of address. */
const isSamePlace = (a: SshTarget, b: SshTarget): boolean => a.dockerHost === b.dockerHost && a.root === b.root;
