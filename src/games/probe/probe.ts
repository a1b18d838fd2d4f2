/** Is the game ready for players, and how many are there? One attempt; whoever asks decides when to ask again. */
import { LRUCache } from 'lru-cache';
import type { GameStatus, GameTarget } from '../../conductor/interfaces/games.ts';
import { errors } from '../errors.ts';
import { dial, publicAddress } from '../reach.ts';
import { luantiQuery } from './luanti-query.ts';
import { minecraftStatus } from './minecraft-status.ts';
import { sourceQuery } from './source-query.ts';

/** A game on the same machine that needs longer than this is not ready. */
const ATTEMPT_MS = 5000;
/** A chatty game may write this much before it is ready. */
const LOG_LINES = 2000;

const UNKNOWN: GameStatus = { players: null, playersMax: null, playerNames: [], version: null };

/**
 * Containers whose log has shown the line. It scrolls away while the game runs, and a game that was ready must not
 * become unready by that.
 */
const seenReady = new LRUCache<string, true>({ max: 10_000 });

/**
 * One readiness probe. A simulated engine answers for its games.
 *
 * @throws transient `not_ready`, or the signal's reason
 */
export async function probe(target: GameTarget, signal: AbortSignal): Promise<GameStatus> {
  if (target.engine.simulated) {
    const status = target.engine.simulated.status(target.container.id);
    if (status === null) throw errors.not_ready({ reason: 'the simulated game is not up' });
    return { ...UNKNOWN, ...status };
  }
  const deadline = AbortSignal.timeout(ATTEMPT_MS);
  try {
    return await attempt(target, AbortSignal.any([signal, deadline]));
  } catch (error) {
    signal.throwIfAborted();
    const reason = deadline.aborted
      ? `no answer within ${ATTEMPT_MS / 1000} s`
      : error instanceof Error
        ? error.message
        : String(error);
    throw errors.not_ready({ reason }, { cause: error });
  }
}

async function attempt(target: GameTarget, signal: AbortSignal): Promise<GameStatus> {
  const { readiness } = target.template;
  if (readiness.kind === 'log') return logShows(target, readiness.pattern, signal);
  if (readiness.kind === 'udp_query') {
    const { host, port } = publicAddress(target, readiness.port);
    return (readiness.query === 'source' ? sourceQuery : luantiQuery)(host, port, signal);
  }
  const port = target.containerPorts[readiness.port];
  if (port === undefined) throw new Error(`it has no port "${readiness.port}"`);
  const socket = await dial(target, port, signal);
  try {
    return readiness.kind === 'tcp' ? UNKNOWN : await minecraftStatus(socket, signal);
  } finally {
    socket.destroy();
  }
}

async function logShows({ engine, container }: GameTarget, pattern: string, signal: AbortSignal): Promise<GameStatus> {
  const run = `${container.id} ${container.startedAt}`;
  if (seenReady.has(run)) return UNKNOWN;
  const expression = new RegExp(pattern, 'u');
  const lines = await engine.logTail(container.id, LOG_LINES, signal);
  if (!lines.some((line) => expression.test(line))) throw new Error('its log does not say so');
  seenReady.set(run, true);
  return UNKNOWN;
}
