/**
 * The simulated engine: the same contract as Docker's, in whatever time its clock keeps. It serves the simulator,
 * benchmarks with thousands of nodes, tests of the conductor, and a first look where no Docker is at hand.
 */
import { type ContainerInfo, type Engine, portKey, type SimulatedGames } from '../../conductor/interfaces/engine.ts';
import { errors } from '../errors.ts';
import type { SimulatedContainer } from './container.ts';
import {
  createSimulatedMachine,
  type SimulatedControls,
  type SimulatedMachine,
  type SimulatedSettings,
} from './machine.ts';
import type { SimulatedPorts } from './program.ts';

/** In so many steps a pull tells how far it is. */
const PULL_STEPS = 10;

export interface SimulatedEngine extends Engine {
  readonly kind: 'simulated';
  readonly simulated: SimulatedGames;
  readonly controls: SimulatedControls;
  /** Ports (by `portKey`) that other programs of the simulated machine hold. */
  readonly heldPorts: ReadonlySet<string>;
}

export function createSimulatedEngine(ports: SimulatedPorts, settings: SimulatedSettings): SimulatedEngine {
  const machine = createSimulatedMachine(ports, settings);
  const { containers, images, watchers } = machine;
  const wait = waiter(ports);

  /** A call that only touches memory; answers later all the same, like any engine. */
  const answer = async <T>(method: string, signal: AbortSignal | undefined, run: () => T): Promise<T> => {
    signal?.throwIfAborted();
    await Promise.resolve();
    machine.admit(method);
    const result = run();
    await machine.saved();
    return result;
  };

  const end = async (
    method: string,
    containerId: string,
    signal: AbortSignal | undefined,
    run: (container: SimulatedContainer) => Promise<void> | void,
  ): Promise<ContainerInfo | null> => {
    const container = await answer(method, signal, () => containers.get(containerId));
    if (container?.running()) await run(container);
    await machine.saved();
    return containers.get(containerId)?.info() ?? null;
  };

  return {
    kind: 'simulated',
    controls: machine.controls,
    heldPorts: machine.heldPorts,
    simulated: gamesOf(machine),
    info: (signal) =>
      answer('info', signal, () => ({
        version: 'simulated',
        ramMb: settings.ramMb,
        cpus: settings.cpus,
        architecture: process.arch,
      })),
    // Its containers outlive it.
    startedAt: (signal) => answer('startedAt', signal, () => null),
    inventory: (signal) => answer('inventory', signal, () => [...containers.values()].map((c) => c.info())),
    watch: (listener, onConnected, signal) => watchers.add(listener, onConnected, signal),
    hasImage: (image, signal) => answer('hasImage', signal, () => images.has(image)),
    imageLabels: (image, signal) => answer('imageLabels', signal, () => images.get(image) ?? null),
    async pullImage(image, onProgress, signal) {
      await answer('pullImage', signal, () => undefined);
      if (settings.registryHas?.(image) === false) {
        throw errors.image_not_found({ image, reason: 'the simulated registry does not have it' });
      }
      for (let step = 1; step <= PULL_STEPS; step++) {
        await wait(settings.pullMs / PULL_STEPS, signal);
        onProgress({ fraction: step / PULL_STEPS, message: 'Downloading' });
      }
      machine.addImage(image, images.get(image) ?? {});
      await machine.saved();
    },
    async loadImage(image, rootfs, config, signal) {
      await answer('loadImage', signal, () => undefined);
      for await (const _ of rootfs) signal.throwIfAborted();
      machine.addImage(image, config.labels);
      await machine.saved();
    },
    createContainer: (spec, signal) =>
      answer('createContainer', signal, () => {
        const there = [...containers.values()].find(
          (c) => c.spec.serverId === spec.serverId && c.spec.epoch === spec.epoch,
        );
        if (there !== undefined) return there.info();
        if (!images.has(spec.image)) {
          throw errors.image_not_found({ image: spec.image, reason: 'it is not on this machine' });
        }
        return machine.add(spec).info();
      }),
    startContainer: (containerId, signal) =>
      answer('startContainer', signal, () => {
        const container = containers.get(containerId);
        if (container === undefined) throw errors.container_gone({ container_id: containerId });
        if (container.info().state === 'paused') {
          throw errors.engine_refused({ call: 'start container', reason: 'a paused container cannot be started' });
        }
        if (container.running()) return;
        claimPorts(machine, container);
        machine.emit('started', container);
        container.start();
      }),
    stopContainer: (containerId, graceMs, signal) =>
      end('stopContainer', containerId, signal, async (container) => {
        // As with Docker, the kill comes also when the caller has gone away.
        const cancel = ports.clock.schedule(graceMs, () =>
          container.end({ exitCode: 137, oomKilled: false, requested: true }),
        );
        // As Docker does it, what it has paused wakes up to take the signal.
        if (container.frozen() === 'engine') container.thaw();
        container.signal(container.spec.stopSignal);
        await orAborted(container.ended().finally(cancel), signal);
      }),
    killContainer: (containerId, signal) =>
      end('killContainer', containerId, signal, (container) =>
        container.end({ exitCode: 137, oomKilled: false, requested: true }),
      ),
    removeContainer: (containerId, signal) =>
      answer('removeContainer', signal, () => {
        const container = containers.get(containerId);
        if (container !== undefined) machine.remove(container);
      }),
    inspectContainer: (containerId, signal) =>
      answer('inspectContainer', signal, () => containers.get(containerId)?.info() ?? null),
    logTail: (containerId, lines, signal) =>
      answer('logTail', signal, () => (lines > 0 ? (containers.get(containerId)?.lines().slice(-lines) ?? []) : [])),
    async followLogs(containerId, tail, onLine, signal) {
      await answer('followLogs', undefined, () => undefined);
      const container = containers.get(containerId);
      if (signal.aborted || container === undefined) return;
      if (tail > 0) for (const line of container.lines().slice(-tail)) onLine(line);
      const stop = container.follow(onLine, () => undefined);
      await orAborted(container.ended(), signal).catch(() => undefined);
      stop();
    },
    writeStdin: (containerId, line, signal) =>
      answer('writeStdin', signal, () => {
        const container = containers.get(containerId);
        if (container === undefined) throw errors.container_gone({ container_id: containerId });
        const program = container.program();
        if (program === null) throw errors.container_not_running({ container_id: containerId });
        if (!container.spec.stdin) throw errors.stdin_closed({ container_id: containerId });
        program.onInput(line);
      }),
    stats: (containerId, signal) =>
      answer('stats', signal, () => {
        const container = containers.get(containerId);
        if (!container?.running()) return null;
        return {
          ramBytes: container.ramBytes(),
          ramLimitBytes: container.spec.ramMb * 1024 * 1024,
          cpu: 0.1 + 0.1 * ports.random(),
          networkRxBytes: 0,
          networkTxBytes: 0,
        };
      }),
  };
}

const gamesOf = ({ containers }: SimulatedMachine): SimulatedGames => ({
  status(containerId) {
    const players = containers.get(containerId)?.players() ?? null;
    return players === null ? null : { players };
  },
  console(containerId, command) {
    const program = containers.get(containerId)?.program() ?? null;
    if (program === null) throw errors.container_not_running({ container_id: containerId });
    return program.onConsole(command);
  },
});

function claimPorts({ containers, heldPorts }: SimulatedMachine, container: SimulatedContainer): void {
  const taken = new Set(heldPorts);
  for (const other of containers.values()) {
    if (other.running()) for (const port of other.spec.ports) taken.add(portKey(port.protocol, port.host));
  }
  const busy = container.spec.ports.find((port) => taken.has(portKey(port.protocol, port.host)));
  if (busy !== undefined) throw errors.port_in_use({ port: busy.host });
}

/** Waits by the simulated clock. Rejects with the signal's reason. */
const waiter =
  ({ clock }: SimulatedPorts) =>
  (ms: number, signal: AbortSignal): Promise<void> => {
    let cancel = () => {};
    const passed = new Promise<void>((resolve) => {
      cancel = clock.schedule(ms, resolve);
    });
    return orAborted(passed, signal).finally(() => cancel());
  };

async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
