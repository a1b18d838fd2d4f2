/**
 * Room on the node. Each attempt to place has an epoch of its own, so that a release which arrives late never frees what a
 * later attempt was given. The plan `reserved` keeps its room while the server is off.
 */
import type { Verb } from '../../../actors/verbs.ts';
import type { Resources } from '../../../planner/fit.ts';
import { isDone } from '../context.ts';
import { demandOf } from '../demand.ts';
import type { ServerContext } from '../types.ts';
import { act, type Outcome } from './act.ts';

const tellNode = (
  { id, nodeId, epoch }: ServerContext,
  type: 'release' | 'forget' | 'hold',
  more: { readonly epoch?: number } & Partial<Resources> = {},
): Verb[] =>
  nodeId === null
    ? []
    : [{ type: 'tell', params: { to: `node/${nodeId}`, event: { type, serverId: id, epoch, ...more } } }];

/** The start is over, and the room stays the server's: without this word its node takes it back after a while. */
export function keepRoom(context: ServerContext): Outcome {
  const { reserved, placedEpoch: epoch, spec, ports } = context;
  return reserved ? { verbs: tellNode(context, 'hold', { epoch, ...demandOf(spec, ports.length) }) } : {};
}

/** What giving the room back comes to; when the plan keeps it, it stays. */
export function giveBack(context: ServerContext): Outcome {
  if (!context.reserved) return {};
  if (context.spec.plan === 'reserved') return keepRoom(context);
  return { set: { reserved: false }, verbs: tellNode(context, 'release') };
}

export const roomActions = {
  raiseEpoch: act(({ context: { epoch, triedEpoch } }) => ({ set: { epoch: Math.max(epoch, triedEpoch) + 1 } })),
  /** Given by a node that has a lease, so whatever it asked before is settled. */
  holdRoom: act(({ context: { epoch, lease } }) => ({
    set: { reserved: true, placedEpoch: epoch, lease: { ...lease, asked: 0 } },
  })),
  hold: act(({ context }) => keepRoom(context)),
  release: act(({ context }) => giveBack(context)),
  /** Gives the room back whatever the plan says. */
  releaseAll: act(({ context }) =>
    context.reserved ? { set: { reserved: false }, verbs: tellNode(context, 'release') } : {},
  ),
  /** The node has taken it back, because the start took too long. */
  loseRoom: act(() => ({ set: { reserved: false } })),
  /**
   * Leaving an attempt to place without its answer: the node may have granted it. A room from before (plan `reserved`, or
   * a restart) is kept here, since the state that comes next decides on it; the node may have it under the attempt's epoch by
   * now, so whatever is said of it from here on bears that one.
   */
  abandonPlacement: act((now) => {
    const { reserved, epoch } = now.context;
    if (isDone(now, 'place')) return {};
    return reserved ? { set: { placedEpoch: epoch } } : { verbs: tellNode(now.context, 'release') };
  }),
  /** The node need not remember this server any more. */
  forget: act(({ context }) => ({ set: { reserved: false }, verbs: tellNode(context, 'forget') })),
};
