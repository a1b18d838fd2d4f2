/**
 * A simulated machine: it boots, loses power, comes back with what is on its disk, and has a clock of its own. While it is
 * on it has an engine, a helper and its watchdog; each boot has new ones, on the same disk.
 */
import type { ContainerSpec } from '../../conductor/interfaces/engine.ts';
import { createSimulatedEngine, type SimulatedEngine } from '../../nodes/index.ts';
import type { Seams } from '../defects/index.ts';
import { type ClockError, createLife, type Life } from '../life.ts';
import type { Random } from '../random.ts';
import type { Time } from '../time.ts';
import { createDisk, type MachineDisk } from './disk.ts';
import { createDockerd, type Dockerd } from './dockerd.ts';
import { countingGame } from './game.ts';
import { createHelper, type Helper } from './helper.ts';
import { emptyMemory, type HelperMemory } from './memory.ts';
import { createWatchdog, LOOK_MS, type Watchdog } from './watchdog.ts';

export interface Boot {
  readonly bootId: string;
  readonly life: Life;
  readonly engine: SimulatedEngine;
  readonly dockerd: Dockerd;
  /** What commands to the helper wait for that read or write worlds; each is a process of its own. */
  readonly storage: Pick<Dockerd, 'serve' | 'slow' | 'hang'>;
  readonly memory: HelperMemory;
  readonly watchdog: Watchdog;
  readonly helper: Helper;
  /** Milliseconds since boot, on its own clock. */
  uptimeMs(): number;
}

export interface Machine {
  readonly name: string;
  readonly size: { readonly ramMb: number; readonly cpus: number };
  readonly disk: MachineDisk;
  /** Null while it is off. */
  readonly boot: Boot | null;
  powerOn(): void;
  /** @param abruptly what was not synced is lost */
  powerOff(abruptly: boolean): void;
}

export interface MachineParts {
  readonly name: string;
  readonly size: { readonly ramMb: number; readonly cpus: number };
  readonly images: readonly string[];
  readonly clock: ClockError;
  readonly time: Time;
  readonly random: Random;
  /** A machine that is not Baton's own has a watchdog, and freezes what has no lease. */
  readonly leased: boolean;
  /** Called whenever a container began or ceased to execute. */
  readonly onChange: () => void;
  /** A game has written into its world. */
  readonly onWrite: (machine: string, spec: ContainerSpec) => void;
  /** The machine closes the connections of this id. */
  readonly seams: Pick<Seams, 'helper' | 'watchdog' | 'serverEpochs'>;
  readonly onHangUp: (machine: string, connection: number) => void;
}

const PULL_MS = 3_000;

/** How often a kernel writes out what programs did not sync themselves. */
const SYNC_MS = 5_000;

export function createMachine(parts: MachineParts): Machine {
  const { name, size, time, random, clock } = parts;
  const disk = createDisk(parts.seams.serverEpochs);
  let boot: Boot | null = null;
  let boots = 0;
  let syncedAt = 0;

  function write(spec: ContainerSpec): boolean {
    const world = disk.worlds.get(spec.serverId);
    if (disk.full || world === undefined) return false;
    disk.worlds.set(spec.serverId, { ...world, count: (world.count ?? 0) + 1 });
    if (time.now() - syncedAt > SYNC_MS) {
      syncedAt = time.now();
      disk.sync();
    }
    parts.onWrite(name, spec);
    return true;
  }

  function start(): Boot {
    boots += 1;
    const life = createLife(time, boots, clock);
    const bootedAt = life.clock.monotonic();
    const uptimeMs = (): number => life.clock.monotonic() - bootedAt;
    const bootId = `${name}-boot-${boots}`;
    const memory = emptyMemory();
    const dockerd = createDockerd(life, random);
    const storage = createDockerd(life, random);
    const engine = createSimulatedEngine(
      { clock: life.clock, random: () => random.next() },
      {
        ...size,
        nodeId: name,
        pullMs: PULL_MS,
        bootMs: 0,
        stopMs: 0,
        images: parts.images,
        program: countingGame(random, write),
        disk: {
          read: () => disk.engine,
          async write(stored) {
            disk.engine = stored;
          },
        },
        onChange() {
          parts.onChange();
          watchdog.poke();
        },
      },
    );
    const own = createWatchdog({
      life,
      random,
      disk,
      memory,
      dockerd,
      engine,
      uptimeMs,
      leased: parts.leased,
      phaseMs: random.between(0, LOOK_MS),
      hangUp: (connection) => parts.onHangUp(name, connection),
    });
    const watchdog = parts.seams.watchdog?.(own) ?? own;
    const sound = createHelper({
      bootId,
      life,
      disk,
      memory,
      dockerd,
      engine,
      watchdog,
      uptimeMs,
      size,
      leased: parts.leased,
    });
    const helper = parts.seams.helper?.(sound) ?? sound;
    return { bootId, life, engine, dockerd, storage, memory, watchdog, helper, uptimeMs };
  }

  return {
    name,
    size,
    disk,
    get boot() {
      return boot;
    },
    powerOn() {
      boot ??= start();
    },
    powerOff(abruptly) {
      if (boot === null) return;
      boot.life.die();
      boot = null;
      if (abruptly) disk.goBack();
      else disk.sync();
      stopAll(disk);
      parts.onChange();
    },
  };
}

/** Containers have the restart policy `no`: what ran when the machine went down has ended. */
function stopAll(disk: MachineDisk): void {
  if (disk.engine === null) return;
  const containers = disk.engine.containers.map((container) =>
    container.running
      ? { ...container, running: false, exit: { exitCode: 255, oomKilled: false, requested: false, at: 0 } }
      : container,
  );
  disk.engine = { ...disk.engine, containers };
}
