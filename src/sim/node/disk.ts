/** What lies on a simulated machine's disk. It outlives boots; what was not synced is lost with the power. */
import type { StoredMachine } from '../../nodes/simulated/disk.ts';

/** One server's data directory and the manifest beside it. */
export interface WorldFiles {
  /** Of the manifest. */
  readonly epoch: number;
  /** How often something was written into the world; null while the directory is empty. */
  readonly count: number | null;
}

export interface MachineDisk {
  /** Nothing can be written while it is. */
  full: boolean;
  /** The node that it was last set up as; empty before the first. */
  nodeId: string;
  /** The highest epoch of the node's lease that was seen. */
  leaseEpoch: number;
  /** The highest epoch that was seen of each server. */
  readonly serverEpochs: Map<string, number>;
  readonly worlds: Map<string, WorldFiles>;
  /** Worlds by their names in quarantine. */
  readonly quarantine: Map<string, WorldFiles>;
  /** The engine's own: containers and images. */
  engine: StoredMachine | null;
  /** Whether the helper was installed. */
  installed: boolean;
  /** Remembers the worlds as they are: what a loss of power goes back to. */
  sync(): void;
  /** What was written since the last {@link sync} is gone. */
  goBack(): void;
}

/** @param serverEpochs what is kept of them; for defects */
export function createDisk(serverEpochs = (kept: Map<string, number>) => kept): MachineDisk {
  const worlds = new Map<string, WorldFiles>();
  let synced = new Map<string, WorldFiles>();
  return {
    full: false,
    nodeId: '',
    leaseEpoch: 0,
    serverEpochs: serverEpochs(new Map()),
    worlds,
    quarantine: new Map(),
    engine: null,
    installed: false,
    sync() {
      synced = new Map(worlds);
    },
    goBack() {
      // Directories and manifests are synced when they are made; only what games write is not.
      for (const [serverId, world] of worlds) {
        const old = synced.get(serverId);
        if (old !== undefined) worlds.set(serverId, { ...world, count: old.count });
      }
    },
  };
}
