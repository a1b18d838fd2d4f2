/** A machine's engine, as a process somewhere else has it: every call goes over the channel and through the engine's temper. */

import type { Clock } from '../../actors/ports.ts';
import type { Engine, EngineEvent } from '../../conductor/interfaces/engine.ts';
import { errors, type SimulatedEngine } from '../../nodes/index.ts';
import type { Channel } from './channel.ts';
import type { Boot, Machine } from './machine.ts';

/** The numbers of `nodes/docker/client.ts`. */
const CALL_MS = 20_000;
const SLOW_CALL_MS = 60_000;
const PULL_MS = 600_000;
/** Between two tries to follow the engine's events. */
const WATCH_AGAIN_MS = 1_000;

export interface RemoteEngineParts {
  readonly channel: Channel;
  readonly machine: Machine;
  readonly clock: Clock;
  /** Brings news from the machine to the process, or does not. */
  readonly hear: (news: () => void) => void;
}

export function createRemoteEngine({ channel, machine, clock, hear }: RemoteEngineParts): Engine {
  const ask = <T>(
    method: string,
    signal: AbortSignal | undefined,
    run: (engine: SimulatedEngine, over: AbortSignal) => Promise<T> | T,
    deadlineMs = CALL_MS,
  ): Promise<T> =>
    channel.call({
      point: `engine.${method}`,
      signal,
      deadlineMs,
      run: ({ dockerd, engine }, over) => dockerd.serve(() => run(engine, over)),
    });

  /** Follows the events on the connection that is there, and looks for another one when that has ended. */
  function watch(listener: (event: EngineEvent) => void, onConnected: () => void, signal: AbortSignal): void {
    const again = (): void => void clock.schedule(WATCH_AGAIN_MS, () => void connect());
    const connect = async (): Promise<void> => {
      if (signal.aborted) return;
      try {
        let ended = channel.ended();
        const heard = (event: EngineEvent): void => {
          if (ended?.aborted === false && !signal.aborted) hear(() => listener(event));
        };
        await ask('watch', signal, (engine, over) => engine.watch(heard, () => {}, AbortSignal.any([signal, over])));
        ended = channel.ended();
        if (ended === null) return again();
        ended.addEventListener('abort', again, { once: true });
        onConnected();
      } catch {
        again();
      }
    };
    void connect();
  }

  const writable = (): void => {
    if (machine.disk.full) throw errors.disk_full({ path: `of ${machine.name}` });
  };

  return {
    kind: 'simulated',
    simulated: {
      status: (containerId) => games(channel, machine)?.status(containerId) ?? null,
      console(containerId, command) {
        const found = games(channel, machine);
        if (found === null) throw errors.node_unreachable({ reason: 'the game does not answer' });
        return found.console(containerId, command);
      },
    },
    info: (signal) => ask('info', signal, (engine) => engine.info()),
    startedAt: (signal) => ask('startedAt', signal, (engine) => engine.startedAt()),
    inventory: (signal) => ask('inventory', signal, (engine) => engine.inventory()),
    watch,
    hasImage: (image, signal) => ask('hasImage', signal, (engine) => engine.hasImage(image)),
    imageLabels: (image, signal) => ask('imageLabels', signal, (engine) => engine.imageLabels(image)),
    pullImage: (image, onProgress, signal) =>
      ask(
        'pullImage',
        signal,
        (engine, over) => {
          writable();
          return engine.pullImage(image, (progress) => hear(() => onProgress(progress)), over);
        },
        PULL_MS,
      ),
    loadImage: () => Promise.reject(new TypeError('Nobody builds images in the simulation.')),
    createContainer: (spec, signal) =>
      ask(
        'createContainer',
        signal,
        (engine) => {
          writable();
          return engine.createContainer(spec);
        },
        SLOW_CALL_MS,
      ),
    startContainer: (id, signal) => ask('startContainer', signal, (engine) => engine.startContainer(id), SLOW_CALL_MS),
    stopContainer: (id, graceMs, signal) =>
      ask('stopContainer', signal, (engine) => engine.stopContainer(id, graceMs), graceMs + CALL_MS),
    killContainer: (id, signal) => ask('killContainer', signal, (engine) => engine.killContainer(id)),
    removeContainer: (id, signal) =>
      ask('removeContainer', signal, (engine) => engine.removeContainer(id), SLOW_CALL_MS),
    inspectContainer: (id, signal) => ask('inspectContainer', signal, (engine) => engine.inspectContainer(id)),
    logTail: (id, lines, signal) => ask('logTail', signal, (engine) => engine.logTail(id, lines)),
    followLogs: (id, tail, onLine, signal) =>
      ask('followLogs', signal, (engine, over) =>
        engine.followLogs(id, tail, (line) => hear(() => onLine(line)), over),
      ),
    writeStdin: (id, line, signal) => ask('writeStdin', signal, (engine) => engine.writeStdin(id, line)),
    stats: (id, signal) => ask('stats', signal, (engine) => engine.stats(id)),
  };
}

/** The games of a machine that answers; null when nothing comes through. */
function games(channel: Channel, { boot }: Machine): SimulatedEngine['simulated'] | null {
  return boot !== null && channel.reachable() ? (boot as Boot).engine.simulated : null;
}
