/**
 * What is known of a node by its answers, and what its servers are told of it. Whoever has a reservation is told: a server
 * has one for as long as its container may run.
 */
import type { Verb } from '../../../actors/verbs.ts';
import type { NodeNews } from '../../fleet/types.ts';
import { type EventOf, outputOf, timeOf } from '../context.ts';
import { sized } from '../ledger.ts';
import type { NodeLimits } from '../limits.ts';
import { pressureAfter } from '../pressure.ts';
import type { Fence, NodeContext } from '../types.ts';
import { act } from './act.ts';

type About<T extends NodeNews['type']> = Omit<Extract<NodeNews, { type: T }>, 'at' | 'nodeId' | 'epoch'>;
type AboutAny = { [T in NodeNews['type']]: About<T> }[NodeNews['type']];

const tellServers = (context: NodeContext, about: (serverId: string, epoch: number) => AboutAny): Verb[] =>
  Object.entries(context.reservations).map(([serverId, { epoch }]) => ({
    type: 'tell',
    params: { to: `server/${serverId}`, event: { nodeId: context.id, epoch, ...about(serverId, epoch) } },
  }));

const fenced = (context: NodeContext, fence: Fence) => ({
  set: { fence, leaseEpoch: context.leaseEpoch + 1 },
  verbs: tellServers(context, () => ({ type: 'node.fenced', proof: fence.proof, provenAt: fence.at })),
});

export const connectionActions = (limits: NodeLimits) => ({
  noteBeat: act(({ context, event }) => {
    const { reading, receivedAt } = event as EventOf<'beat'>;
    const { bootId, containers } = reading;
    return {
      set: {
        ...sized(context, reading),
        bootId,
        shown: containers,
        pressure: pressureAfter(context.pressure, reading, limits),
        lastLeaseAt: receivedAt,
        missed: 0,
      },
    };
  }),
  noteMissed: act(({ context, event }) => {
    const { streak, lastLeaseAt } = event as EventOf<'beat.missed'>;
    return { set: { missed: streak, lastLeaseAt: lastLeaseAt ?? context.lastLeaseAt } };
  }),
  /** Its servers are told once; they know until they hear that it is back. */
  noteLost: act((now) => {
    const { context } = now;
    if (context.awaySince !== null) return {};
    const { lastLeaseAt } = context;
    return { set: { awaySince: timeOf(now) }, verbs: tellServers(context, () => ({ type: 'node.lost', lastLeaseAt })) };
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
  return tellServers(context, (serverId, epoch) => ({
    type: 'node.returned',
    bootId,
    rebooted,
    container: shown.find((one) => one.serverId === serverId && one.epoch === epoch) ?? null,
  }));
}
