/** A server whose node is lost, as changes of the context: what is known of it, and where it goes. */
import type { Verb } from '../../../actors/verbs.ts';
import type { NodeNews, NodeShows } from '../../fleet/types.ts';
import { outputOf, timeOf } from '../context.ts';
import { epochAhead, noOtherNode } from '../faults.ts';
import type { ServerLimits } from '../limits.ts';
import { shallBeOff, verdictOf } from '../loss.ts';
import type { Loss, ServerContext, ServerEvent, ServerStatus } from '../types.ts';
import { act, type Outcome } from './act.ts';
import { waitsForTurn } from './queue.ts';

type News<T extends NodeNews['type']> = Extract<NodeNews, { type: T }>;

/** The present loss with some fields changed; nothing when there is none. */
const change = ({ loss }: ServerContext, fields: Partial<Loss>): Outcome =>
  loss === null ? {} : { set: { loss: { ...loss, ...fields } } };

const shownEpoch = (shows: NodeShows): number => ('world' in shows ? shows.world.epoch : shows.container.epoch);

const leaseAfter = ({ lease, nodeId, reserved }: ServerContext, shows: NodeShows): ServerContext['lease'] =>
  shows.recovering && reserved && shows.nodeId === nodeId && shows.leaseEpoch >= lease.lost
    ? { ...lease, asked: Math.max(lease.asked, shows.leaseEpoch) }
    : lease;

const releaseAt = (nodeId: string, { id, epoch }: ServerContext): Verb => ({
  type: 'tell',
  params: { to: `node/${nodeId}`, event: { type: 'release', serverId: id, epoch } },
});

export const lossActions = (limits: ServerLimits) => ({
  /** Told again, it keeps since when; what its node confirmed meanwhile is newer. */
  noteLoss: act<{ off: boolean } | undefined>((now, params) => {
    const { context, event } = now;
    const { leaseEpoch } = event as NodeNews;
    const loss: Loss = {
      since: timeOf(now),
      off: params?.off ?? shallBeOff(context),
      rebooted: false,
      failover: null,
      retryAt: null,
      ...context.loss,
      fence: null,
      lastLeaseAt: (event as Partial<News<'node.lost'>>).lastLeaseAt ?? context.loss?.lastLeaseAt ?? null,
    };
    const lease = { ...context.lease, lost: Math.max(context.lease.lost, leaseEpoch) };
    return { set: { loss, lease, players: null } };
  }),
  /** Said again while it is certain that it does not run: that holds on, but what is asked under an older lease is void. */
  noteLease: act(({ context, event }) => {
    const { leaseEpoch } = event as NodeNews;
    return { set: { lease: { ...context.lease, lost: Math.max(context.lease.lost, leaseEpoch) } } };
  }),
  noteFence: act(({ context, event }) => {
    const { proof, provenAt, leaseEpoch } = event as News<'node.fenced'>;
    const lease = { ...context.lease, lost: Math.max(context.lease.lost, leaseEpoch) };
    return { set: { ...change(context, { fence: { proof, at: provenAt } }).set, lease } };
  }),
  /** What was answered before that is settled. An answer under a newer lease has overtaken this message and stands. */
  noteReturn: act(({ context, event }) => {
    const { rebooted, leaseEpoch } = event as News<'node.returned'>;
    const lease = { ...context.lease, asked: context.lease.asked > leaseEpoch ? context.lease.asked : 0 };
    return { set: { ...change(context, { rebooted }).set, lease } };
  }),
  wantOff: act(({ context }) => change(context, { off: true })),
  wantOn: act(({ context }) => change(context, { off: false })),
  /** Its loss is over, whatever came of it. */
  endLoss: act(() => ({ set: { loss: null } })),
  /** It ran until its node last confirmed the lease. */
  noteOffSinceLease: act(({ context: { loss } }) => ({
    set: { stoppedAt: loss?.lastLeaseAt ?? loss?.since ?? null, players: null, stop: null },
  })),
  /** The container that its node has is its own. */
  noteThere: act(({ event }) => {
    const { container } = event as News<'node.returned'>;
    return { set: { containerId: container?.id ?? null, lastError: null } };
  }),

  /**
   * The answer to its node, which is remembered as long as the node has no lease. What is newer than anything that is known here
   * is an alarm, and the next placement must not be refused for it.
   */
  answerNode: act<{ status: ServerStatus }>((now, { status }) => {
    const { context } = now;
    const value = verdictOf(now, status);
    const shown = shownEpoch(now.event as NodeShows);
    const isAhead = value.verdict === 'hold' && shown > context.epoch;
    return {
      set: {
        lease: leaseAfter(context, now.event as NodeShows),
        triedEpoch: Math.max(context.triedEpoch, shown),
        ...(isAhead && { lastError: { ...epochAhead(shown, context.epoch), at: timeOf(now) } }),
      },
      verbs: [{ type: 'reply', params: { value } }],
    };
  }),
  blameAhead: act((now) => {
    const { container } = now.event as News<'node.returned'>;
    const { triedEpoch, epoch } = now.context;
    const shown = container?.epoch ?? epoch;
    const lastError = { ...epochAhead(shown, epoch), at: timeOf(now) };
    return { set: { lastError, triedEpoch: Math.max(triedEpoch, shown) } };
  }),

  /** By command, or by the policy. Each attempt bears an epoch of its own; the placement keeps its own until one succeeds. */
  planFailover: act<{ fresh: boolean } | undefined>(({ context, event }, params) => {
    const { fresh, nodeId } = event as Partial<Extract<ServerEvent, { type: 'failover' }>>;
    const failover = { fresh: params?.fresh ?? fresh === true, wanted: nodeId ?? null };
    return change(context, { failover });
  }),
  noteFound: act((now) => {
    const { loss } = now.context;
    const wanted = outputOf<'findWorld'>(now).nodeId;
    return change(now.context, { failover: loss?.failover ? { ...loss.failover, wanted } : null });
  }),
  tryEpoch: act(({ context: { epoch, triedEpoch } }) => ({ set: { triedEpoch: Math.max(epoch, triedEpoch) + 1 } })),
  blameUnplaced: act((now) => {
    const placement = outputOf<'place'>(now);
    const reason = placement.placed ? 'it would be on the same one.' : placement.reason;
    return { set: { lastError: { ...noOtherNode(reason), at: timeOf(now) } } };
  }),
  /** Back to waiting; by itself it is tried again after a while, or soon where only its turn has not come yet. */
  dropFailover: act((now) => {
    const waitMs = waitsForTurn(now) ? limits.failoverTurnMs : limits.failoverRetryMs;
    return change(now.context, { failover: null, retryAt: timeOf(now) + waitMs });
  }),
  /** The new placement begins: the world that is left behind is given up, and so is its room. */
  failOver: act((now) => {
    const { context } = now;
    const { loss, nodeId, epoch, triedEpoch } = context;
    if (nodeId === null) return {};
    const fresh = loss?.failover?.fresh !== false;
    const givenUp = { nodeId, epoch, at: timeOf(now), lastLeaseAt: loss?.lastLeaseAt ?? null, fresh };
    return {
      set: {
        givenUp,
        epoch: triedEpoch,
        containerId: null,
        dataExists: !fresh,
        worldMarked: false,
        dataBytes: null,
        dataLost: false,
        restartPending: false,
      },
    };
  }),
  /** Where it was placed is its home now; its room elsewhere goes back. */
  moveHome: act((now) => {
    const { context } = now;
    const placement = outputOf<'place'>(now);
    if (!placement.placed) return {};
    const held = { reserved: true, placedEpoch: context.epoch, lease: { ...context.lease, asked: 0 } };
    if (placement.home === undefined) return { set: held };
    const { nodeId, engine, ports } = placement.home;
    if (nodeId === context.nodeId) return { set: { ...held, ports } };
    return {
      set: { ...held, nodeId, engine, ports, lease: { lost: 0, asked: 0 } },
      verbs: context.nodeId !== null && context.reserved ? [releaseAt(context.nodeId, context)] : [],
    };
  }),
  /**
   * The node that gave room for this very attempt is lost: it need not keep it. Room from before (plan `reserved`, or a
   * restart) is kept here, since the state that comes next decides on it.
   */
  releaseThere: act(({ context, event }) => {
    const { nodeId } = event as NodeNews;
    return context.reserved && nodeId === context.nodeId ? {} : { verbs: [releaseAt(nodeId, context)] };
  }),
});
