import { containerAfter, crashesWith, dataAfter, isWorld, losesWorld, sizeOf } from './actions/observe.ts';
import { isExhausted } from './actions/queue.ts';
import { announcementOf, errorOf, isOurs, type Now, observationOf, outputOf, timeOf } from './context.ts';
import type { ServerLimits } from './limits.ts';
import { lossGuards } from './loss.ts';
import type { Observation, RebuildPlan, ServerContext, ServerEvent, StopOptions } from './types.ts';

type EventOf<T extends ServerEvent['type']> = Extract<ServerEvent, { type: T }>;

/** Options of a command; `can` and `allowed` ask without any. */
const options = <T extends ServerEvent['type']>({ event }: Now) => event as Partial<EventOf<T>>;

const asksForRunning = (now: Now): boolean => options<'cancel'>(now).operationId === now.context.operation?.id;

const seenExit = (now: Now): Container | null => {
  const { container } = observationOf(now) ?? {};
  return container?.state === 'exited' && isOurs(now.context, container) ? container : null;
};
type Container = NonNullable<NonNullable<ReturnType<typeof observationOf>>['container']>;

const isUp = (container: Container): boolean => container.state === 'running' || container.state === 'paused';

const seenUp = (now: Now): boolean => {
  const { container } = observationOf(now) ?? {};
  return container != null && isOurs(now.context, container) && isUp(container);
};

const seenNone = (now: Now): boolean => observationOf(now)?.container === null;

const isRunning = ({ operation }: ServerContext, command: string): boolean => operation?.command === command;

/** Every guard of the server by its name. None of them throws. */
export const serverGuards = (limits: ServerLimits) => ({
  ...lossGuards,
  isPrepared: ({ context }: Now) => context.nodeId !== null,
  isNotPrepared: ({ context }: Now) => context.nodeId === null,
  /** A world is never made anew in silence. */
  isWorldKept: ({ context }: Now) => !context.dataLost,
  isFresh: (now: Now) => options<'start' | 'failover'>(now).fresh === true,
  canRebuild: ({ context }: Now) => context.nodeId !== null && !context.dataLost,
  worldIsLost: ({ context }: Now) => context.dataLost,
  wantsStart: ({ context }: Now) => context.startWhenPrepared,

  isIdle: ({ context }: Now) => context.operation === null,
  cancelsThis: (now: Now) => asksForRunning(now),
  stopsFirst: (now: Now) => options<'delete'>(now).stopFirst === true,
  /** Asked to stop first, and there is nobody to be told. */
  stopsFirstQuietly: (now: Now) => options<'delete'>(now).stopFirst === true && isQuiet(now),
  isQuiet: (now: Now) => isQuiet(now),
  hasContainer: ({ context }: Now) => context.containerId !== null,
  canKill: ({ context }: Now) => context.containerId !== null && !isRunning(context, 'kill'),
  isDeleting: ({ context }: Now) => isRunning(context, 'delete'),
  isKilling: ({ context }: Now) => isRunning(context, 'kill'),
  isRestarting: ({ context }: Now) => isRunning(context, 'restart'),
  restartsWithoutWorld: (now: Now) => {
    const seen = observationOf(now);
    const lost = seen === undefined ? now.context.dataLost : losesWorld(now.context, seen);
    return lost && isRunning(now.context, 'restart');
  },

  isPlaced: (now: Now) => outputOf<'place'>(now).placed,
  /** The room that a node took back is what this server has. */
  isOwnRoom: ({ context, event }: Now) => {
    const { nodeId, epoch } = event as EventOf<'reservation.expired'>;
    return context.reserved && nodeId === context.nodeId && epoch === context.placedEpoch;
  },
  isExhausted: (now: Now) => isExhausted(now, limits),
  hasNoRoom: ({ context }: Now) => !context.reserved,
  /** Doing it again would not help. A place that did not answer in time may do so the next time. */
  isLasting: (now: Now) => {
    const error = errorOf(now);
    return error?.retry !== 'transient' && error?.code !== 'deadline_exceeded';
  },

  isUnresponsive: ({ event }: Now) => (event as EventOf<'probe.failed'>).streak >= limits.probeStreak,
  hasOtherPlayers: ({ context, event }: Now) => (event as EventOf<'probe.ok'>).players !== context.players,

  wakesOnJoin: ({ context }: Now) => context.spec.wakeOnJoin,
  turnsWakeOn: ({ context, event }: Now) =>
    !context.spec.wakeOnJoin && (event as EventOf<'configure'>).changes?.wakeOnJoin === true,
  turnsWakeOff: ({ event }: Now) => (event as EventOf<'configure'>).changes?.wakeOnJoin === false,

  sawNewData: (now: Now) => {
    const seen = observationOf(now);
    return seen !== undefined && differs(now.context, seen);
  },
  isNewSize: (now: Now) => sizeOf(now) !== now.context.dataBytes,
  /** Something is to be remembered: data, or which container there is. */
  sawNews: (now: Now) => {
    const seen = observationOf(now);
    if (seen === undefined) return false;
    const { context } = now;
    return differs(context, seen) || containerAfter(context, seen) !== context.containerId;
  },
  sawNone: seenNone,
  sawUp: seenUp,
  sawAny: (now: Now) => isOurs(now.context, observationOf(now)?.container ?? null),
  sawRequestedExit: (now: Now) => seenExit(now)?.requested === true,
  sawCrash: (now: Now) => seenExit(now)?.requested === false,
  sawCrashLoop: (now: Now) =>
    seenExit(now)?.requested === false && crashesWith(now, limits).length >= limits.crashLimit,
  /** Container and world are both gone, though there was a world. */
  sawNothingLeft: (now: Now) => {
    const seen = observationOf(now);
    return seen !== undefined && seen.container === null && losesWorld(now.context, seen);
  },
  /** As {@link sawNothingLeft}, whatever is seen of a container. */
  sawWorldGone: (now: Now) => {
    const seen = observationOf(now);
    return seen !== undefined && losesWorld(now.context, seen);
  },
  sawUpThoughOff: (now: Now) => now.context.loss?.off === true && seenUp(now),
  /** An engine that removes a running container tells of its exit first. */
  sawRemoval: (now: Now) => {
    const { containerId, exit } = now.context;
    if (!seenNone(now) || containerId === null || !exit?.outside) return false;
    return timeOf(now) - exit.at <= limits.removalWindowMs;
  },
  /** A container that may have been left running is seen to run no more. */
  sawEnd: (now: Now) =>
    now.context.reserved && now.context.spec.plan !== 'reserved' && (seenNone(now) || seenExit(now) !== null),
  sawWorld: (now: Now) => {
    const seen = observationOf(now);
    return seen !== undefined && isWorld(now.context, seen);
  },
  hasWorld: ({ context }: Now) => context.dataExists === true,
  neverRan: ({ context }: Now) => context.startedAt === null,

  rebuildsFrom: ({ context }: Now, params: { from: RebuildPlan['from'] }) => context.rebuild?.from === params.from,
  cancelsRebuild: (now: Now, params: { from: RebuildPlan['from'] }) =>
    asksForRunning(now) && now.context.rebuild?.from === params.from,
  /** The old container has to run again. */
  hasToRevert: ({ context: { rebuild } }: Now) => rebuild?.from === 'running' && rebuild.keep !== null,
});

const differs = (context: ServerContext, seen: Observation): boolean => {
  const { dataExists, worldMarked, dataLost } = dataAfter(context, seen);
  return dataExists !== context.dataExists || worldMarked !== context.worldMarked || dataLost !== context.dataLost;
};

/** Nobody is there, or nobody is to be told. The event may ask for a stop; its options are not in the context yet. */
function isQuiet({ context, event }: Now): boolean {
  const { announce } = event as StopOptions;
  return context.players === 0 || (announce ?? announcementOf(context)) === '';
}
