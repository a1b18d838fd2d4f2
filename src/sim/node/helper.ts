/**
 * The commands of `baton-node` in virtual time: the same rules as the script's, in the same order
 * (docs/decisions/0007-lease-and-fence.md). It answers as `nodes/helper/commands.ts` reads the script's answers.
 */
import type { WorldManifest, WorldSight } from '../../conductor/interfaces/engine.ts';
import type { Grant, NodeReading, PlacementRef } from '../../conductor/interfaces/link.ts';
import { errors, type SimulatedEngine } from '../../nodes/index.ts';
import type { Life } from '../life.ts';
import type { MachineDisk } from './disk.ts';
import type { Dockerd } from './dockerd.ts';
import type { HelperMemory } from './memory.ts';
import { leased, type Watchdog } from './watchdog.ts';

export interface Helper {
  heartbeat(leaseEpoch: number, grant: Grant | null): Promise<NodeReading>;
  observe(): Promise<NodeReading>;
  ensure(manifest: WorldManifest, leaseEpoch: number): { readonly existed: boolean };
  look(serverId: string, marks: readonly string[]): WorldSight;
  /** In bytes. */
  size(serverId: string): number;
  remove(serverId: string, leaseEpoch: number): void;
  keep(placement: PlacementRef): void;
  stop(placement: PlacementRef): Promise<void>;
  quarantine(placement: PlacementRef): Promise<void>;
  uninstall(leaseEpoch: number): Promise<void>;
}

export interface HelperParts {
  readonly bootId: string;
  readonly life: Life;
  readonly disk: MachineDisk;
  readonly memory: HelperMemory;
  readonly dockerd: Dockerd;
  readonly engine: SimulatedEngine;
  readonly watchdog: Watchdog;
  readonly uptimeMs: () => number;
  readonly size: { readonly ramMb: number; readonly cpus: number };
  /** False on Baton's own machine, where there is neither a lease nor a watchdog. */
  readonly leased: boolean;
}

/** No lease is so long: a grant beyond it was anchored at another clock. */
const LEASE_MAX_MS = 120_000;
/** What the script waits for `docker ps`. */
const INVENTORY_MS = 1_000;
/** Of a world, per write; its size only has to change when it does. */
const BYTES_PER_WRITE = 64;
const DISK_KB = 100_000_000;

export function createHelper(parts: HelperParts): Helper {
  const { bootId, life, disk, memory, dockerd, engine, watchdog, uptimeMs } = parts;
  const { controls } = engine;

  function raiseLease(epoch: number): void {
    if (!parts.leased) return;
    if (epoch < disk.leaseEpoch) throw stale(`epoch ${epoch} of the lease is over`, disk.leaseEpoch);
    if (epoch === disk.leaseEpoch) return;
    for (const { id } of controls.running()) memory.held.add(id);
    if (disk.full) throw unwritable();
    disk.leaseEpoch = epoch;
    watchdog.poke();
  }

  function raiseServer(serverId: string, epoch: number): void {
    if (!parts.leased) return;
    const highest = disk.serverEpochs.get(serverId) ?? 0;
    if (epoch < highest) throw stale(`epoch ${epoch} of server ${serverId} is over`, highest);
    if (epoch === highest) return;
    if (disk.full) throw unwritable();
    disk.serverEpochs.set(serverId, epoch);
    watchdog.poke();
  }

  /** A late, repeated or overtaken grant does nothing, since it names a point on our own clock. */
  function grant(epoch: number, { untilMs, bootId: boot }: Grant): boolean {
    const now = uptimeMs();
    if (leased(parts, now) && untilMs <= (memory.lease?.untilMs ?? 0)) return true;
    if (boot !== bootId || untilMs <= now || untilMs - now >= LEASE_MAX_MS) return false;
    if (watchdog.count() === 0) return false;
    memory.lease = { epoch, untilMs };
    watchdog.poke();
    return true;
  }

  /** What Docker says, or null when it does not say it in time. */
  function inventory(): Promise<NodeReading['containers']> {
    const { promise, resolve } = Promise.withResolvers<NodeReading['containers']>();
    const cancel = life.clock.schedule(INVENTORY_MS, () => resolve(null));
    const asked = dockerd.serve(() => engine.inventory());
    asked
      .then((all) =>
        resolve(all.map(({ id, serverId, epoch, state, exitCode }) => ({ id, serverId, epoch, state, exitCode }))),
      )
      .catch(() => resolve(null))
      .finally(cancel);
    return promise;
  }

  async function reading(granted: boolean | null): Promise<NodeReading> {
    const containers = await inventory();
    return {
      bootId,
      clockMs: Math.floor(uptimeMs()),
      nodeId: disk.nodeId,
      leaseEpoch: disk.leaseEpoch,
      granted,
      watchdogs: watchdog.count(),
      containers,
      worlds: [...disk.worlds].map(([serverId, { epoch, count }]) => ({ serverId, epoch, hasData: count !== null })),
      quarantine: [...disk.quarantine.keys()],
      diskKb: { total: DISK_KB, free: disk.full ? 0 : DISK_KB / 2 },
      memoryKb: { total: parts.size.ramMb * 1024, available: parts.size.ramMb * 512 },
      cpu: { count: parts.size.cpus, busyTicks: 0, totalTicks: Math.floor(uptimeMs() / 10) },
    };
  }

  /** Ends the containers of a server that are older than `epoch`, frozen or not. Throws `engine_unavailable`. */
  async function endOlder(serverId: string, epoch: number): Promise<void> {
    for (const container of controls.running()) {
      if (container.serverId === serverId && container.epoch < epoch) controls.kill(container.id);
    }
    const all = await dockerd.serve(() => engine.inventory());
    for (const container of all) {
      if (container.serverId !== serverId || container.epoch >= epoch) continue;
      await dockerd.serve(() => engine.removeContainer(container.id));
      memory.held.delete(container.id);
    }
  }

  async function putAside(serverId: string, epoch: number): Promise<void> {
    await endOlder(serverId, epoch);
    const world = disk.worlds.get(serverId);
    if (world === undefined || world.epoch >= epoch) return;
    disk.quarantine.set(`${serverId}.${world.epoch}.${Math.floor(life.clock.now() / 1000)}`, world);
    disk.worlds.delete(serverId);
  }

  return {
    heartbeat(leaseEpoch, wanted) {
      raiseLease(leaseEpoch);
      return reading(wanted === null ? null : grant(leaseEpoch, wanted));
    },
    observe: () => reading(null),
    ensure({ serverId, epoch }, leaseEpoch) {
      raiseLease(leaseEpoch);
      raiseServer(serverId, epoch);
      const count = disk.worlds.get(serverId)?.count ?? null;
      if (disk.full) throw unwritable();
      disk.worlds.set(serverId, { epoch, count });
      return { existed: count !== null };
    },
    look(serverId, marks) {
      // A world here is one thing, and so has its marks as soon as it is there.
      const exists = (disk.worlds.get(serverId)?.count ?? null) !== null;
      return { exists, marked: marks.length === 0 ? null : exists };
    },
    size: (serverId) => (disk.worlds.get(serverId)?.count ?? 0) * BYTES_PER_WRITE,
    remove(serverId, leaseEpoch) {
      raiseLease(leaseEpoch);
      if (controls.running().some((container) => container.serverId === serverId)) {
        throw errors.world_in_use({ reason: `a container of server ${serverId} runs` });
      }
      disk.worlds.delete(serverId);
    },
    keep({ serverId, epoch, leaseEpoch }) {
      raiseLease(leaseEpoch);
      raiseServer(serverId, epoch);
      for (const container of controls.running()) {
        if (container.serverId === serverId && container.epoch === epoch) memory.held.delete(container.id);
      }
      watchdog.poke();
    },
    async stop({ serverId, epoch, leaseEpoch }) {
      raiseLease(leaseEpoch);
      raiseServer(serverId, epoch);
      await endOlder(serverId, epoch + 1);
    },
    async quarantine({ serverId, epoch, leaseEpoch }) {
      raiseLease(leaseEpoch);
      raiseServer(serverId, epoch);
      await putAside(serverId, epoch);
    },
    async uninstall(leaseEpoch) {
      raiseLease(leaseEpoch);
      for (const { id } of controls.running()) controls.kill(id);
      for (const { id } of await dockerd.serve(() => engine.inventory())) {
        await dockerd.serve(() => engine.removeContainer(id));
      }
      for (const serverId of [...disk.worlds.keys()]) await putAside(serverId, Number.MAX_SAFE_INTEGER);
      disk.installed = false;
    },
  };
}

const stale = (reason: string, highest: number) => errors.stale_epoch({ reason, highest });
const unwritable = () => errors.data_dir_unusable({ path: 'of the node', reason: 'the disk is full' });
