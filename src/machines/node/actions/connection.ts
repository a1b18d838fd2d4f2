/**
 * What is known of a node by its answers, and what its servers are told of it. Whoever has a reservation is told: a server
 * has one for as long as its container may run.
 */
import type { Verb } from '../../../actors/verbs.ts';
import type { NodeNews, ShownContainer } from '../../fleet/types.ts';
import { type EventOf, errorOf, type Now, outputOf, timeOf } from '../context.ts';
import { sized } from '../ledger.ts';
import type { NodeLimits } from '../limits.ts';
import { pressureAfter } from '../pressure.ts';
import type { Fence, NodeContext } from '../types.ts';
import { act } from './act.ts';

type About<T extends NodeNews['type']> = Omit<Extract<NodeNews, { type: T }>, 'at' | 'nodeId' | 'epoch' | 'leaseEpoch'>;
type AboutAny = { [T in NodeNews['type']]: About<T> }[NodeNews['type']];

const tellServers = (context: NodeContext, about: (serverId: string) => AboutAny): Verb[] =>
  Object.entries(context.reservations).map(([serverId, { epoch }]) => ({
    type: 'tell',
    params: {
      to: `server/${serverId}`,
      event: { nodeId: context.id, epoch, leaseEpoch: context.leaseEpoch, ...about(serverId) },
    },
  }));

const tellLost = (context: NodeContext): Verb[] =>
  tellServers(context, () => ({ type: 'node.lost', lastLeaseAt: context.lastLeaseAt }));

const tellFenced = (context: NodeContext, { proof, at }: Fence): Verb[] =>
  tellServers(context, () => ({ type: 'node.fenced', proof, provenAt: at }));

/** What was kept, or granted, under the lease before is void: it stays frozen until it is kept anew. */
const withNewLease = (context: NodeContext, seen = 0): NodeContext => ({
  ...context,
  leaseEpoch: Math.max(context.leaseEpoch, seen) + 1,
});

/** The epoch that a node has seen, where it refused ours as older: our database is one that was put back to an earlier day. */
function seenEpoch(now: Now): number {
  const highest = errorOf(now)?.details?.highest;
  return typeof highest === 'number' ? highest : 0;
}

function fenced(before: NodeContext, fence: Fence) {
  const context = { ...withNewLease(before), fence };
  return { set: context, verbs: tellFenced(context, fence) };
}

export const connectionActions = (limits: NodeLimits) => ({
  noteBeat: act(({ context, event }) => {
    const { reading, receivedAt } = event as EventOf<'beat'>;
    const { bootId, containers, guarded } = reading;
    return {
      set: {
        ...sized(context, reading),
        bootId,
        shown: containers,
        pressure: pressureAfter(context.pressure, reading, limits),
        lastLeaseAt: receivedAt,
        missed: 0,
        guarded,
      },
    };
  }),
  noteMissed: act(({ context, event }) => {
    const { streak, lastLeaseAt } = event as EventOf<'beat.missed'>;
    return { set: { missed: streak, lastLeaseAt: lastLeaseAt ?? context.lastLeaseAt } };
  }),
  noteLost: act((now) => ({ set: { awaySince: timeOf(now) }, verbs: tellLost(now.context) })),
  /** It has refused our epoch; the next one is above what it has seen. */
  noteStale: act((now) =>
    seenEpoch(now) > now.context.leaseEpoch ? { set: withNewLease(now.context, seenEpoch(now)) } : {},
  ),
  /**
   * Lost again before it was connected. Its servers may have let it keep what they will have elsewhere soon, so all of that is
   * void, and they hear anew how it is. A proof holds on, since nothing was granted.
   */
  noteLostAgain: act((now) => {
    const context = withNewLease(now.context, seenEpoch(now));
    const { fence } = context;
    const verbs = [...tellLost(context), ...(fence === null ? [] : tellFenced(context, fence))];
    return { set: { ...context, settlement: null, awaySince: context.awaySince ?? timeOf(now) }, verbs };
  }),
  noteFence: act((now) => fenced(now.context, { proof: outputOf<'fence'>(now).proof, at: timeOf(now) })),
  /** A removed node was reached after all: every container has been ended there. */
  noteWiped: act((now) =>
    now.context.fence === null ? fenced(now.context, { proof: 'node_stopped', at: timeOf(now) }) : {},
  ),
  /** It has booted: nothing of what ran there runs now, which its servers hear once the inventory was read. */
  noteReboot: act((now) => {
    const { reading, receivedAt } = now.event as EventOf<'beat'>;
    return {
      set: {
        bootId: reading.bootId,
        lastLeaseAt: receivedAt,
        missed: 0,
        rebooted: true,
        awaySince: now.context.awaySince ?? timeOf(now),
      },
    };
  }),
  noteInventory: act((now) => {
    const { bootId, containers, settlement } = outputOf<'readInventory'>(now);
    const { context } = now;
    const rebooted = context.rebooted || (context.bootId !== null && context.bootId !== bootId);
    return { set: { bootId, shown: containers, settlement, rebooted } };
  }),
  /** What should not be there is gone, and what may run on was said. */
  noteSettled: act(({ context: { shown, settlement } }) => {
    const gone = new Set([...(settlement?.stop ?? []), ...(settlement?.quarantine ?? [])].map(({ id }) => id));
    return { set: { settlement: null, shown: shown.filter(({ id }) => !gone.has(id)) } };
  }),
  /** From this turn on it has a lease again, so that no earlier proof holds any more. */
  noteConnected: act(({ context }) => ({
    set: { fence: null, missed: 0, awaySince: null, rebooted: false },
    verbs: returned(context),
  })),
});

function returned(context: NodeContext): Verb[] {
  const { awaySince, rebooted, bootId, shown } = context;
  if (awaySince === null) return [];
  return tellServers(context, (serverId) => ({
    type: 'node.returned',
    bootId,
    rebooted,
    container: newestOf(shown, serverId),
  }));
}

/** What should not be there is gone by now, so the newest one is the server's, or one that it knows nothing of. */
const newestOf = (shown: readonly ShownContainer[], serverId: string): ShownContainer | null =>
  shown.filter((one) => one.serverId === serverId).sort((a, b) => b.epoch - a.epoch)[0] ?? null;
