import type { Observation } from '../../machines/server/types.ts';
import type { ContainerInfo, Engine, NodeHost } from '../interfaces/engine.ts';
import { CLEAN_EXIT_CODES, type Games } from '../interfaces/games.ts';
import { containersOf } from './world.ts';

/** Lines of the console that are kept of a container that has exited. */
export const EXIT_LOG_LINES = 50;

/**
 * What is there of a server on its node: its newest container, and its data.
 * @param stoppedByRequest whether somebody asked the engine to stop this container
 */
export async function observe(
  { games }: { readonly games: Games },
  node: NodeHost,
  serverId: string,
  template: string,
  stoppedByRequest: (containerId: string) => boolean,
  signal?: AbortSignal,
): Promise<Observation> {
  const [container] = await containersOf(node, serverId, signal);
  const clean = cleanExitCodesOf(games, template);
  return observation(node, serverId, container ?? null, clean, stoppedByRequest, signal);
}

/** A server is still seen when its template was removed. */
export const cleanExitCodesOf = (games: Games, template: string): readonly number[] =>
  games.templates().find(({ id }) => id === template)?.cleanExitCodes ?? CLEAN_EXIT_CODES;

/** {@link observe}, of a container that was read already. */
export async function observation(
  node: NodeHost,
  serverId: string,
  container: ContainerInfo | null,
  cleanExitCodes: readonly number[],
  stoppedByRequest: (containerId: string) => boolean,
  signal?: AbortSignal,
): Promise<Observation> {
  const { exists, bytes } = await node.worlds.observe(serverId, signal);
  return {
    container: container === null ? null : await seen(node, container, cleanExitCodes, stoppedByRequest, signal),
    dataExists: exists,
    dataBytes: bytes,
  };
}

async function seen(
  { engine }: NodeHost,
  container: ContainerInfo,
  cleanExitCodes: readonly number[],
  stoppedByRequest: (containerId: string) => boolean,
  signal?: AbortSignal,
): Promise<NonNullable<Observation['container']>> {
  const { id, epoch, state, exitCode, oomKilled } = container;
  const hasExited = state === 'exited';
  const isClean = exitCode !== null && cleanExitCodes.includes(exitCode);
  const inOrder = hasExited && !oomKilled && (isClean || stoppedByRequest(id));
  const requested = inOrder && !(await endedWithEngine(engine, container, signal));
  const logTail = hasExited ? await engine.logTail(id, EXIT_LOG_LINES, signal) : [];
  return { id, epoch, state, exitCode, oomKilled, requested, logTail };
}

/** An engine that ends, or finds containers of the one before, stops them in order, and nobody asked for that. */
async function endedWithEngine(
  engine: Pick<Engine, 'startedAt'>,
  { finishedAt }: ContainerInfo,
  signal?: AbortSignal,
): Promise<boolean> {
  const startedAt = await engine.startedAt(signal);
  return finishedAt !== null && startedAt !== null && finishedAt <= startedAt;
}
