import type { Observation, ServerStatus } from '../../machines/server/types.ts';
import type { ContainerInfo, Engine, NodeHost } from '../interfaces/engine.ts';
import { CLEAN_EXIT_CODES, type Games, type Template } from '../interfaces/games.ts';
import { containersOf } from './world.ts';

/** Lines of the console that are kept of a container that has exited. */
export const EXIT_LOG_LINES = 50;

const SETTLED: ReadonlySet<ServerStatus> = new Set(['running', 'stopped', 'sleeping', 'crashed', 'missing', 'failed']);

/** Whether nothing is under way with it, so that what is seen of it may say something new. */
export const isSettled = ({ status }: { readonly status: ServerStatus }): boolean => SETTLED.has(status);

interface Seen {
  readonly id: string;
  readonly template: string;
}

/**
 * What is there of a server on its node: its newest container, and its data.
 * @param stoppedByRequest whether somebody asked the engine to stop this container
 */
export async function observe(
  games: Games,
  node: NodeHost,
  server: Seen,
  stoppedByRequest: (containerId: string) => boolean,
  signal?: AbortSignal,
): Promise<Observation> {
  const [container] = await containersOf(node, server.id, signal);
  return observation(games, node, server, container ?? null, stoppedByRequest, signal);
}

/** {@link observe}, of a container that was read already. */
export async function observation(
  games: Games,
  node: NodeHost,
  { id, template }: Seen,
  container: ContainerInfo | null,
  stoppedByRequest: (containerId: string) => boolean,
  signal?: AbortSignal,
): Promise<Observation> {
  const { cleanExitCodes, worldMarks } = traitsOf(games, template);
  const { exists, marked } = await node.worlds.look(id, worldMarks, signal);
  return {
    container: container === null ? null : await seen(node, container, cleanExitCodes, stoppedByRequest, signal),
    dataExists: exists,
    dataMarked: marked,
  };
}

/** A server is still seen when its template was removed; nobody knows then how to tell its world. */
const traitsOf = (games: Games, template: string): Pick<Template, 'cleanExitCodes' | 'worldMarks'> =>
  games.templates().find(({ id }) => id === template) ?? { cleanExitCodes: CLEAN_EXIT_CODES, worldMarks: [] };

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
