/** The machine under a run, seen past Baton: what is on it, and what somebody does to it while Baton is dead. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import type { EngineKind } from '../../src/conductor/interfaces/engine.ts';
import { simulatedDisk } from '../../src/nodes/simulated/disk.ts';
import type { Random } from './random.ts';

export interface SeenContainer {
  readonly id: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly running: boolean;
}

/** What happens to a container behind Baton's back. */
export type Mishap = 'removed' | 'crashed' | 'stopped';

export interface Machine {
  containers(): Promise<readonly SeenContainer[]>;
  /** Servers that have a network of their own; null where the engine has none. */
  networks(nodeId: string): Promise<readonly string[] | null>;
  /** Does something to a running container, if there is one. Baton must not be alive. */
  disturb(mishap: Mishap, random: Random): Promise<void>;
  /** Removes all that the run has left. */
  clean(): Promise<void>;
}

export const worldsDir = (dataDir: string, engine: EngineKind): string => join(dataDir, 'worlds', engine, 'servers');

export const machineOf = (dataDir: string, engine: EngineKind): Machine =>
  engine === 'docker' ? dockerMachine(dataDir) : simulatedMachine(dataDir);

function simulatedMachine(dataDir: string): Machine {
  const disk = simulatedDisk(join(dataDir, 'simulated-machine.json'));
  return {
    async containers() {
      return (disk.read()?.containers ?? []).map(({ id, spec, running }) => ({
        id,
        serverId: spec.serverId,
        epoch: spec.epoch,
        running,
      }));
    },
    networks: async () => null,
    async disturb(mishap, random) {
      const machine = disk.read();
      const running = machine?.containers.filter((container) => container.running) ?? [];
      if (machine === null || running.length === 0) return;
      const victim = random.pick(running);
      const exit = { exitCode: mishap === 'stopped' ? 0 : 1, oomKilled: false, requested: false, at: Date.now() };
      const others = machine.containers.filter((container) => container !== victim);
      const left = mishap === 'removed' ? [] : [{ ...victim, running: false, exit }];
      await disk.write({ ...machine, containers: [...others, ...left] });
    },
    async clean() {},
  };
}

function dockerMachine(dataDir: string): Machine {
  const docker = new Docker();
  /** Every server that ever had a container has a directory, unless it was purged. */
  const serverIds = () => readdir(worldsDir(dataDir, 'docker')).catch(() => []);
  const labelled = (label: string) => ({ filters: { label: [label] } });
  return {
    async containers() {
      const all = await docker.listContainers({ all: true, ...labelled('baton.server') });
      // Ours are those that have their world in our directory, whichever node they believe to be on.
      const own = all.filter(({ Mounts }) => Mounts.some(({ Source }) => Source.startsWith(`${dataDir}/`)));
      return own.map(({ Id, Labels, State }) => ({
        id: Id,
        serverId: Labels['baton.server'] ?? '',
        epoch: Number(Labels['baton.epoch']),
        // Not `removing` or `dead`: nothing runs in those any more, however long their removal takes.
        running: ['running', 'paused', 'restarting'].includes(State),
      }));
    },
    async networks(nodeId) {
      const all = await docker.listNetworks(labelled(`baton.node=${nodeId}`));
      return all.map(({ Labels }) => Labels?.['baton.server'] ?? '');
    },
    async disturb(mishap, random) {
      const ids = await serverIds();
      const all = await Promise.all(ids.map((id) => docker.listContainers(labelled(`baton.server=${id}`))));
      const running = all.flat();
      if (running.length === 0) return;
      const victim = docker.getContainer(random.pick(running).Id);
      if (mishap === 'removed') await victim.remove({ force: true }).catch(unlessGone);
      else if (mishap === 'crashed') await victim.kill().catch(unlessGone);
      else await victim.stop({ t: 30 }).catch(unlessGone);
    },
    async clean() {
      for (const id of await serverIds()) {
        for (const { Id } of await docker.listContainers({ all: true, ...labelled(`baton.server=${id}`) })) {
          await docker.getContainer(Id).remove({ force: true }).catch(unlessGone);
        }
        for (const { Id } of await docker.listNetworks(labelled(`baton.server=${id}`))) {
          await docker.getNetwork(Id).remove().catch(unlessGone);
        }
      }
    },
  };
}

/** What must never be seen, not even for a moment: two containers of one epoch, or two that run, of the same server. */
export function twins(containers: readonly SeenContainer[]): readonly string[] {
  const seen = new Map<string, string>();
  return containers.flatMap(({ id, serverId, epoch, running }) =>
    [`epoch ${epoch}`, ...(running ? ['running'] : [])].flatMap((what) => {
      const other = seen.get(`${serverId} ${what}`);
      seen.set(`${serverId} ${what}`, id);
      return other === undefined ? [] : [`server ${serverId} had two containers at once (${what}): ${other}, ${id}`];
    }),
  );
}

/** A container may end or go by itself in the same moment. */
function unlessGone(error: unknown): void {
  const { statusCode } = error as { statusCode?: number };
  if (statusCode !== 404 && statusCode !== 409 && statusCode !== 304) throw error;
}
