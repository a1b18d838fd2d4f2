/** What news of its node mean to a server, as guards. None of them throws. */
import { isUp, reconcile } from '../fleet/reconcile.ts';
import type { NodeNews, NodeShows, Verdict } from '../fleet/types.ts';
import { isOurs, type Now, outputOf } from './context.ts';
import type { ServerContext, ServerStatus } from './types.ts';

type Returned = Extract<NodeNews, { type: 'node.returned' }>;

const newsOf = ({ event }: Now): NodeNews => event as NodeNews;
const showsOf = ({ event }: Now): NodeShows => event as NodeShows;
const returnOf = ({ event }: Now): Returned => event as Returned;

/**
 * Whether the news are of the present placement: a node tells those that have room there, so one that has given its room back
 * would never hear the end of it. While it is placed anew its node may have given the room without our knowing, so both epochs
 * are its own: that of the room it had, and that of the one it asks for.
 */
const isNews = ({ context: { nodeId, epoch, placedEpoch, reserved }, event }: Now): boolean => {
  const news = event as NodeNews;
  return reserved && news.nodeId === nodeId && (news.epoch === placedEpoch || news.epoch === epoch);
};

/**
 * Whether its node has asked about it since: what the server answered holds under that lease, until a newer one. Messages and
 * questions come by different ways, so a question may overtake.
 */
const isOvertaken = (now: Now): boolean => newsOf(now).leaseEpoch <= now.context.lease.asked;

/** Whether the container that its node has is its own, and runs. */
const runsThere = (now: Now): boolean => {
  const { container, rebooted } = returnOf(now);
  return !rebooted && container !== null && isUp(container) && isOurs(now.context, container);
};

/** Whether it shall be off, when its node is lost or comes back: in the middle of a restart it shall not. */
export const shallBeOff = ({ loss, operation }: ServerContext): boolean =>
  loss?.off ?? operation?.command !== 'restart';

/** What the server says to what a node shows of it. */
export function verdictOf(now: Now, status: ServerStatus): Verdict {
  if (isStale(now)) return { verdict: 'hold' };
  const { context } = now;
  const { nodeId, epoch, loss } = context;
  const containerIds = ownContainers(context, status);
  const shows = showsOf(now);
  const claim = { status, nodeId, epoch, containerIds, off: loss?.off ?? false };
  return reconcile(claim, shows.nodeId, 'world' in shows ? shows.world : shows.container);
}

/** One that starts has its container by the epoch; the one from before, which it still names for its log, has to go. */
const ownContainers = ({ containerId, rebuild }: ServerContext, status: ServerStatus): string[] =>
  status === 'starting' ? [] : [containerId, rebuild?.keep ?? null].filter((id) => id !== null);

/** Whether its node asked before it was lost again. Whatever is answered is heard by nobody. */
function isStale({ context, event }: Now): boolean {
  const { nodeId, leaseEpoch } = event as NodeShows;
  return nodeId === context.nodeId && leaseEpoch < context.lease.lost;
}

export const lossGuards = {
  isNews,
  isNoNews: (now: Now) => !isNews(now),
  isNewsWhileDeleting: (now: Now) => isNews(now) && now.context.operation?.command === 'delete',
  /** Neither of the room that it had nor of that which it asks for, on whatever node. */
  isNoNewsOfAttempt: (now: Now) => !isNews(now) && newsOf(now).epoch !== now.context.epoch,
  isOldNews: (now: Now) => isNews(now) && isOvertaken(now),
  isNewsOfFence: (now: Now) => isNews(now) && !isOvertaken(now),
  isFenceOfOne: (now: Now, params: { off: boolean }) =>
    isNews(now) && !isOvertaken(now) && now.context.loss?.off === params.off,
  isNewsWhileRebuilding: (now: Now) => isNews(now) && now.context.rebuild?.from === 'running',

  /** Its node is about to have a lease again and asks what may run. Until that is over nothing may begin elsewhere. */
  isRecoveryOfHome: (now: Now) => {
    const { nodeId, recovering } = showsOf(now);
    return recovering && nodeId === now.context.nodeId && !isStale(now);
  },

  /** Its node has come back without it. */
  isReturnWithout: (now: Now) => isNews(now) && !runsThere(now),
  isReturnWithoutWhileDeleting: (now: Now) =>
    isNews(now) && !runsThere(now) && now.context.operation?.command === 'delete',
  isReturnWithoutWhileRebuilding: (now: Now) =>
    isNews(now) && !runsThere(now) && now.context.rebuild?.from === 'running',
  isReturnWith: (now: Now, params: { off: boolean }) => runsThere(now) && now.context.loss?.off === params.off,
  /** What its node holds is newer than anything that is known of it here. */
  isReturnAhead: (now: Now) => {
    const { container } = returnOf(now);
    return container !== null && container.epoch > now.context.epoch && !isOurs(now.context, container);
  },

  isToBeOff: ({ context: { loss } }: Now) => loss?.off === true,
  isToBeOn: ({ context: { loss } }: Now) => loss?.off === false,
  hasRebooted: ({ context: { loss } }: Now) => loss?.rebooted === true,
  failsOverByItself: ({ context: { spec, loss } }: Now) => spec.failoverPolicy === 'fresh' && loss?.off === false,
  needsItsWorld: ({ context: { loss } }: Now) => loss?.failover?.fresh === false,
  /** It has room on another node than the one that is lost. */
  isPlacedElsewhere: (now: Now) => {
    const placement = outputOf<'place'>(now);
    return placement.placed && placement.home !== undefined && placement.home.nodeId !== now.context.nodeId;
  },
};
