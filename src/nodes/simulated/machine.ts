/** The inside of a simulated machine: what lies on it, and what can be done to it behind the engine's back. */
import type { ContainerSpec, EngineEvent, Protocol } from '../../conductor/interfaces/engine.ts';
import { portKey } from '../../conductor/interfaces/engine.ts';
import type { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import { createSimulatedContainer, type FrozenBy, type SimulatedContainer, type StoredContainer } from './container.ts';
import type { SimulatedDisk } from './disk.ts';
import { gameProgram, type SimulatedPorts, type StartProgram } from './program.ts';
import { createWatchers, type Watchers } from './watchers.ts';

export interface SimulatedSettings {
  readonly nodeId: string;
  readonly ramMb: number;
  readonly cpus: number;
  /** How long an image takes to arrive. */
  readonly pullMs: number;
  readonly bootMs: number;
  readonly stopMs: number;
  /** Images that are there from the beginning. */
  readonly images?: readonly string[];
  /** Which images the registry has; by default all. */
  readonly registryHas?: (image: string) => boolean;
  /** Writes a container's world when its program says so; absent: worlds of this machine stay empty. */
  readonly saveWorld?: (spec: ContainerSpec) => void;
  /** Where containers and images outlive us, as those of a real engine do; absent: the machine is new each time. */
  readonly disk?: SimulatedDisk;
  /** What runs in the containers; by default a game of the times above. */
  readonly program?: StartProgram;
  /** Called whenever a container began or ceased to execute. */
  readonly onChange?: () => void;
}

/** A running container, as its kernel sees it. */
export interface RunningContainer {
  readonly id: string;
  readonly serverId: string;
  readonly epoch: number;
  readonly frozen: FrozenBy | null;
}

export const SIMULATED_DEFAULTS = { ramMb: 16_384, cpus: 8, pullMs: 3_000, bootMs: 2_000, stopMs: 500 } as const;

/** What a test, the simulator or a curious operator can do to the machine. */
export interface SimulatedControls {
  /** The game ends by itself with this code. */
  crash(containerId: string, exitCode: number): void;
  /** The kernel kills it for want of memory. */
  outOfMemory(containerId: string): void;
  /** `docker stop` by hand. */
  stopOutside(containerId: string): void;
  /** `docker rm -f` by hand. */
  removeOutside(containerId: string): void;
  setPlayers(containerId: string, players: number): void;
  /** Those that run, frozen or not, whether the engine answers or not. */
  running(): readonly RunningContainer[];
  /** `docker pause` by hand, or the kernel's freezer behind the engine's back. Without effect on one that does not run. */
  freeze(containerId: string, by: FrozenBy): void;
  thaw(containerId: string): void;
  /** SIGKILL by hand. It reaches what is frozen, too, before anything of it runs again. */
  kill(containerId: string): void;
  /** The next call of this method of the engine fails with this error. */
  failNext(method: string, error: BatonError): void;
  /** Cuts the engine off: calls fail with `engine_unavailable`, events are lost. Containers go on. */
  disconnect(): void;
  reconnect(): void;
  /** Another program on the machine holds the port from now on. */
  holdPort(protocol: Protocol, port: number): void;
  releasePort(protocol: Protocol, port: number): void;
}

export interface SimulatedMachine {
  readonly containers: Map<string, SimulatedContainer>;
  /** Labels by reference. */
  readonly images: ReadonlyMap<string, Readonly<Record<string, string>>>;
  addImage(image: string, labels: Readonly<Record<string, string>>): void;
  readonly watchers: Watchers;
  readonly controls: SimulatedControls;
  /** Ports (by `portKey`) that other programs hold. */
  readonly heldPorts: ReadonlySet<string>;
  add(spec: ContainerSpec): SimulatedContainer;
  remove(container: SimulatedContainer): void;
  emit(type: EngineEvent['type'], container: SimulatedContainer): void;
  /** Resolves once all that has happened is on its disk. Throws what that throws. */
  saved(): Promise<void>;
  /** Throws what an engine that is cut off, or told to fail, throws. */
  admit(method: string): void;
}

const NO_DISK: SimulatedDisk = { read: () => null, write: async () => {} };

export function createSimulatedMachine(ports: SimulatedPorts, settings: SimulatedSettings): SimulatedMachine {
  const containers = new Map<string, SimulatedContainer>();
  const heldPorts = new Set<string>();
  const failures = new Map<string, BatonError[]>();
  let connected = true;
  const disk = settings.disk ?? NO_DISK;
  const kept = disk.read();
  const images = new Map(kept?.images ?? (settings.images ?? []).map((image) => [image, {}]));
  let made = kept?.made ?? 0;
  const changed = settings.onChange ?? (() => {});
  const watchers = createWatchers(() => connected);
  const program = settings.program ?? gameProgram(settings, ports.random);

  let saved: Promise<void> = Promise.resolve();
  let isDue = false;

  /** What has happened is on the disk before anybody hears of it; what happens meanwhile goes there together, after it. */
  function save(): void {
    if (isDue) return;
    isDue = true;
    saved = saved
      .catch(() => {})
      .then(() => {
        isDue = false;
        return disk.write({
          made,
          images: [...images],
          containers: [...containers.values()].map((container) => container.stored()),
        });
      });
    // Whoever asked the engine is told.
    saved.catch(() => {});
  }

  function tell(event: EngineEvent): void {
    // Events of an engine that is cut off are lost, also when it is back before they are on the disk.
    if (!connected) return;
    saved.then(
      () => watchers.emit(event),
      () => {},
    );
  }

  const emit = (type: EngineEvent['type'], { id, spec }: SimulatedContainer) =>
    tell({
      type,
      containerId: id,
      serverId: spec.serverId,
      epoch: spec.epoch,
      exitCode: null,
      oomKilled: false,
      requested: false,
    });

  const put = (from: Pick<StoredContainer, 'id' | 'spec'> & Partial<StoredContainer>): SimulatedContainer => {
    const { id, spec } = from;
    const container = createSimulatedContainer(from, ports.clock, program, {
      onStart() {
        save();
        changed();
      },
      onFreeze: changed,
      onExit(exit) {
        save();
        changed();
        tell({ type: 'exited', containerId: id, serverId: spec.serverId, epoch: spec.epoch, ...exit });
      },
      saveWorld: () => settings.saveWorld?.(spec),
    });
    containers.set(id, container);
    return container;
  };

  const add = (spec: ContainerSpec): SimulatedContainer => {
    made += 1;
    const container = put({ id: `simulated-${settings.nodeId}-${made}`, spec });
    save();
    emit('created', container);
    return container;
  };

  const remove = (container: SimulatedContainer) => {
    container.end({ exitCode: 137, oomKilled: false, requested: true });
    if (!containers.delete(container.id)) return;
    save();
    emit('removed', container);
  };

  for (const stored of kept?.containers ?? []) {
    const container = put(stored);
    if (stored.running) container.goOn();
  }

  const known = (containerId: string): SimulatedContainer => {
    const container = containers.get(containerId);
    if (container === undefined) throw errors.container_gone({ container_id: containerId });
    return container;
  };

  return {
    containers,
    images,
    addImage(image, labels) {
      images.set(image, labels);
      save();
    },
    watchers,
    heldPorts,
    add,
    remove,
    emit,
    saved: () => saved,
    admit(method) {
      if (!connected) throw errors.engine_unavailable({ reason: 'the simulated engine is cut off' });
      const failure = failures.get(method)?.shift();
      if (failure !== undefined) throw failure;
    },
    controls: {
      crash: (id, exitCode) => known(id).end({ exitCode, oomKilled: false, requested: false }),
      outOfMemory: (id) => known(id).end({ exitCode: 137, oomKilled: true, requested: false }),
      stopOutside: (id) => known(id).signal(known(id).spec.stopSignal),
      removeOutside: (id) => remove(known(id)),
      setPlayers: (id, players) => known(id).setPlayers(players),
      running: () =>
        [...containers.values()]
          .filter((container) => container.running())
          .map(({ id, spec: { serverId, epoch }, frozen }) => ({ id, serverId, epoch, frozen: frozen() })),
      freeze: (id, by) => known(id).freeze(by),
      thaw: (id) => known(id).thaw(),
      kill: (id) => known(id).end({ exitCode: 137, oomKilled: false, requested: false }),
      failNext: (method, error) => void failures.set(method, [...(failures.get(method) ?? []), error]),
      disconnect() {
        connected = false;
      },
      reconnect() {
        connected = true;
        watchers.reconnect();
      },
      holdPort: (protocol, port) => void heldPorts.add(portKey(protocol, port)),
      releasePort: (protocol, port) => void heldPorts.delete(portKey(protocol, port)),
    },
  };
}
