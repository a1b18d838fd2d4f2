/** What was seen of container and data, as changes of the context. */
import { isOurs, type Now, observationOf, outputOf, timeOf } from '../context.ts';
import type { ServerLimits } from '../limits.ts';
import type { ExitReport, Observation, ServerContext } from '../types.ts';
import { act } from './act.ts';

/** A world counts as lost only once the server has run: before that there was none. */
export const losesWorld = (context: ServerContext, seen: Observation): boolean =>
  !seen.dataExists && (context.dataLost || (context.dataExists === true && context.startedAt !== null));

const dataOf = (context: ServerContext, seen: Observation): Partial<ServerContext> => ({
  dataExists: seen.dataExists,
  dataBytes: seen.dataBytes,
  dataLost: losesWorld(context, seen),
});

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
    return seen === undefined ? {} : { set: dataOf(now.context, seen) };
  }),
  /** Data and which container there is. */
  noteSeen: act((now) => {
    const seen = observationOf(now);
    if (seen === undefined) return {};
    return { set: { ...dataOf(now.context, seen), containerId: containerAfter(now.context, seen) } };
  }),
  /** As {@link noteSeen}, and how the container ended. */
  noteExit: act((now) => {
    const seen = observationOf(now);
    if (seen === undefined) return {};
    const containerId = containerAfter(now.context, seen);
    return { set: { ...dataOf(now.context, seen), containerId, exit: exitOf(now, seen) } };
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
