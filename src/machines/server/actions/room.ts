/**
 * Room on the node. Each attempt to place has an epoch of its own, so that a release which arrives late never frees what a
 * later attempt was given. The plan `reserved` keeps its room while the server is off.
 */
import type { Verb } from '../../../actors/verbs.ts';
import { isDone } from '../context.ts';
import type { ServerContext } from '../types.ts';
import { act, type Outcome } from './act.ts';

const tellNode = ({ id, nodeId, epoch }: ServerContext, type: 'release' | 'forget'): Verb[] =>
  nodeId === null ? [] : [{ type: 'tell', params: { to: `node/${nodeId}`, event: { type, serverId: id, epoch } } }];

/** What giving the room back comes to; nothing when none is held, or when the plan keeps it. */
export const giveBack = (context: ServerContext): Outcome =>
  context.reserved && context.spec.plan !== 'reserved'
    ? { set: { reserved: false }, verbs: tellNode(context, 'release') }
    : {};

export const roomActions = {
  raiseEpoch: act(({ context: { epoch, triedEpoch } }) => ({ set: { epoch: Math.max(epoch, triedEpoch) + 1 } })),
  /** Given by a node that has a lease, so whatever it asked before is settled. */
  holdRoom: act(({ context: { epoch, lease } }) => ({
    set: { reserved: true, placedEpoch: epoch, lease: { ...lease, asked: 0 } },
  })),
  release: act(({ context }) => giveBack(context)),
  /** Gives the room back whatever the plan says. */
  releaseAll: act(({ context }) =>
    context.reserved ? { set: { reserved: false }, verbs: tellNode(context, 'release') } : {},
  ),
  /**
   * Leaving an attempt to place without its answer: the node may have granted it. A room from before (plan `reserved`, or
   * a restart) is kept here, since the state that comes next decides on it.
   */
  abandonPlacement: act((now) =>
    isDone(now, 'place') || now.context.reserved ? {} : { verbs: tellNode(now.context, 'release') },
  ),
  /** Takes the server off the node's list of those that wait. */
  leaveQueue: act(({ context }) => (context.reserved ? {} : { verbs: tellNode(context, 'release') })),
  /** The node need not remember this server any more. */
  forget: act(({ context }) => ({ set: { reserved: false }, verbs: tellNode(context, 'forget') })),
};
