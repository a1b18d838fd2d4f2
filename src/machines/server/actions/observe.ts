/** What was seen of container and data, as changes of the context. */
import { isOurs, type Now, observationOf, outputOf, timeOf } from '../context.ts';
import type { ServerLimits } from '../limits.ts';
import type { ExitReport, Observation, ServerContext, ServerEvent } from '../types.ts';
import { act } from './act.ts';

/**
 * What lies there is the world. Before a mark was seen, anything may be it: a game can keep it where its template does not say.
 */
export const isWorld = (
  { worldMarked }: Pick<ServerContext, 'worldMarked'>,
  { dataExists, dataMarked }: Pick<Observation, 'dataExists' | 'dataMarked'>,
): boolean => dataExists && (dataMarked !== false || !worldMarked);

/** A world counts as lost only once the server has run: before that there was none. */
export const losesWorld = (context: ServerContext, seen: Observation): boolean =>
  !isWorld(context, seen) && (context.dataLost || (context.dataExists === true && context.startedAt !== null));

/** What the context says of the data after this was seen. */
export const dataAfter = (context: ServerContext, seen: Observation) => ({
  dataExists: isWorld(context, seen),
  worldMarked: context.worldMarked || seen.dataMarked === true,
  dataLost: losesWorld(context, seen),
});

export const sizeOf = ({ event }: Now): number | null =>
  (event as Extract<ServerEvent, { type: 'measured' }>).dataBytes;

/** The container that the server has after this was seen; one of another epoch says nothing about it. */
export const containerAfter = (context: ServerContext, { container }: Observation): string | null =>
  container === null ? null : isOurs(context, container) ? container.id : context.containerId;

/** The crashes that still count, and the one that happens now. */
export const crashesWith = (now: Now, { crashWindowMs }: ServerLimits): readonly number[] => {
  const at = timeOf(now);
  return [...now.context.crashes.filter((crash) => crash > at - crashWindowMs), at];
};

function exitOf(now: Now, seen: Observation): ExitReport | null {
  const { container } = seen;
  if (container?.state !== 'exited' || !isOurs(now.context, container)) return now.context.exit;
  const { exitCode, oomKilled, logTail } = container;
  return { exitCode, oomKilled, logTail, outside: now.event.type === 'observed', at: timeOf(now) };
}

export const observeActions = (limits: ServerLimits) => ({
  noteData: act((now) => {
    const seen = observationOf(now);
    return seen === undefined ? {} : { set: dataAfter(now.context, seen) };
  }),
  noteSize: act((now) => ({ set: { dataBytes: sizeOf(now) } })),
  /** Data and which container there is. */
  noteSeen: act((now) => {
    const seen = observationOf(now);
    if (seen === undefined) return {};
    return { set: { ...dataAfter(now.context, seen), containerId: containerAfter(now.context, seen) } };
  }),
  /** As {@link noteSeen}, and how the container ended. */
  noteExit: act((now) => {
    const seen = observationOf(now);
    if (seen === undefined) return {};
    const containerId = containerAfter(now.context, seen);
    return { set: { ...dataAfter(now.context, seen), containerId, exit: exitOf(now, seen) } };
  }),
  noteCrash: act((now) => ({ set: { crashes: crashesWith(now, limits) } })),
  /** How `terminate` or `kill` found the container to have ended; the log follows with `verify`. */
  noteTermination: act((now) => ({
    set: { exit: { ...outputOf<'terminate'>(now), logTail: [], outside: false, at: timeOf(now) } },
  })),
  /** No container where one should be: a start makes it again, unless the world is gone as well. */
  noteMissing: act(({ context }) => ({
    set: { containerId: null, dataLost: context.dataExists === false && context.startedAt !== null },
  })),
});
