/**
 * The watchdog of `baton-node`, by its rules: while no lease lasts, nothing runs; what has lost its epoch is killed; what it
 * froze itself goes on under a new lease, unless it is held. The script looks five times a second whatever happens; here it
 * looks at the same moments, but only when there may be something to see.
 */
import type { SimulatedEngine } from '../../nodes/index.ts';
import type { RunningContainer } from '../../nodes/simulated/machine.ts';
import type { Life } from '../life.ts';
import type { Random } from '../random.ts';
import type { MachineDisk } from './disk.ts';
import type { Dockerd } from './dockerd.ts';
import type { HelperMemory } from './memory.ts';

/** The numbers of the script. */
export const LOOK_MS = 200;
const SILENT_MS = 5_000;
const DOCKER_FIRST_MS = 1_000;
const THAW_LEFT_MS = 2_000;
/** What the script waits for Docker at most before it tells the kernel. */
const DOCKER_WAITS_MS = 1_000;
/** What one look takes on a busy machine, at most. */
const LOOK_TAKES_MS = 150;

export interface Watchdog {
  /** Something has changed: looks at the next moment at which it looks anyway. */
  poke(): void;
  /** How many of the two loops have ticked lately. */
  count(): number;
  /** Stops one of them (SIGSTOP); the other starts it anew after a while. Without effect if one stands still already. */
  stall(): void;
}

export interface WatchdogParts {
  readonly life: Life;
  readonly random: Random;
  readonly disk: MachineDisk;
  readonly memory: HelperMemory;
  readonly dockerd: Dockerd;
  readonly engine: SimulatedEngine;
  /** Milliseconds since boot, on the machine's clock. */
  readonly uptimeMs: () => number;
  /** False on Baton's own machine, which has no lease and freezes nothing. */
  readonly leased: boolean;
  /** Closes a connection to this machine. */
  readonly hangUp: (connection: number) => void;
  /** By how much the two loops look apart from each other, and both from the full second. */
  readonly phaseMs: number;
}

export function leased({ disk, memory }: Pick<WatchdogParts, 'disk' | 'memory'>, uptimeMs: number): boolean {
  const { lease } = memory;
  return lease !== null && lease.epoch === disk.leaseEpoch && uptimeMs < lease.untilMs;
}

export function createWatchdog(parts: WatchdogParts): Watchdog {
  const { life, random, disk, memory, dockerd, engine, uptimeMs } = parts;
  const { controls } = engine;
  let pending = false;
  let cancelAlarm = (): void => {};
  /** Since when one loop stands still. */
  let stalledAt: number | null = null;

  function poke(): void {
    if (pending || !parts.leased) return;
    pending = true;
    // With one loop stalled the other one's phase counts; they are half a look apart.
    const phase = stalledAt === null ? parts.phaseMs : parts.phaseMs + LOOK_MS / 2;
    const wait = LOOK_MS - ((uptimeMs() + phase) % LOOK_MS);
    life.clock.schedule(wait + random.between(0, LOOK_TAKES_MS), () => {
      pending = false;
      look();
    });
  }

  function look(): void {
    if (stalledAt !== null && uptimeMs() - stalledAt > SILENT_MS) stalledAt = null;
    const mayRun = leased(parts, uptimeMs());
    for (const container of controls.running()) lookAt(container, mayRun);
    for (const id of [...memory.frozen.keys(), ...memory.held]) if (!runs(id)) forget(id);
    if (!mayRun) hangUp();
    alarm(mayRun);
  }

  function lookAt(container: RunningContainer, mayRun: boolean): void {
    const { id, serverId, epoch, frozen } = container;
    if (epoch < (disk.serverEpochs.get(serverId) ?? 0)) return slay(id);
    if (!mayRun || memory.held.has(id)) {
      if (frozen === null) pause(id);
    } else if (memory.frozen.has(id) && leftMs() > THAW_LEFT_MS) thaw(id);
  }

  /** By Docker, so that `docker ps` says so; what Docker does not freeze in time the kernel does. */
  function pause(id: string): void {
    const isLate = memory.lease === null || uptimeMs() >= memory.lease.untilMs + DOCKER_FIRST_MS;
    const byDocker = !isLate && !dockerd.hangs();
    const wait = isLate ? 0 : dockerd.hangs() ? DOCKER_WAITS_MS : random.between(20, 300);
    const by = byDocker ? 'engine' : 'kernel';
    memory.frozen.set(id, by);
    life.clock.schedule(wait, () => {
      if (!runs(id)) return;
      controls.freeze(id, by);
      // The other loop may have thawed it under a new lease, and forgotten it.
      memory.frozen.set(id, by);
    });
    // Looks again: it may have been started anew meanwhile.
    life.clock.schedule(wait, poke);
  }

  function thaw(id: string): void {
    const by = memory.frozen.get(id);
    if (by === 'engine' && dockerd.hangs()) return void life.clock.schedule(DOCKER_WAITS_MS, poke);
    memory.frozen.delete(id);
    controls.thaw(id);
  }

  /** The SIGKILL is there before it thaws, so nothing of it runs again. Removing what is left is Docker's. */
  function slay(id: string): void {
    controls.kill(id);
    forget(id);
    life.clock.schedule(SILENT_MS, () => {
      void dockerd.serve(() => engine.removeContainer(id)).catch(() => undefined);
    });
  }

  function hangUp(): void {
    const { connection, lease } = memory;
    if (connection === null || lease === null) return;
    if (lease.epoch === disk.leaseEpoch && lease.untilMs > connection.sinceMs) {
      memory.connection = null;
      parts.hangUp(connection.id);
    }
  }

  /** At the end of the lease, and while something waits to be thawed. */
  function alarm(mayRun: boolean): void {
    cancelAlarm();
    if (mayRun) cancelAlarm = life.clock.schedule(Math.max(0, leftMs()), poke);
  }

  const leftMs = (): number => (memory.lease?.untilMs ?? 0) - uptimeMs();
  const runs = (id: string): boolean => controls.running().some((container) => container.id === id);
  function forget(id: string): void {
    memory.frozen.delete(id);
    memory.held.delete(id);
  }

  return {
    poke,
    count: () => (!parts.leased ? 0 : stalledAt !== null && uptimeMs() - stalledAt >= SILENT_MS ? 1 : 2),
    stall() {
      stalledAt ??= uptimeMs();
    },
  };
}
