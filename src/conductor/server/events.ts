/** What owners and pages are told when a turn changed something of a server that they see. */
import type { AnyMachineSnapshot } from 'xstate';
import type { ActorEvent, PendingEvent } from '../../actors/types.ts';
import { isReserved } from '../../actors/xstate.ts';
import { type ServerContext, serverStatus } from '../../machines/server/index.ts';

type Said = readonly [type: string, data: Readonly<Record<string, unknown>>];

interface Side extends ReturnType<typeof serverStatus> {
  readonly context: ServerContext;
}

const sideOf = (snapshot: AnyMachineSnapshot): Side => ({
  ...serverStatus(snapshot),
  context: snapshot.context as ServerContext,
});

/** The events of one turn, in the order in which they are to be read. */
export function serverEvents(
  before: AnyMachineSnapshot | undefined,
  after: AnyMachineSnapshot,
  event: ActorEvent,
): readonly PendingEvent[] {
  const now = sideOf(after);
  const { id, ownerId, spec } = now.context;
  const said =
    before === undefined
      ? [['created', { status: now.status, name: spec.name }] as const]
      : all(sideOf(before), now, event);
  const subject = { kind: 'server', id };
  return said.map(([type, data]) => ({ type: `server.${type}`, subject, ownerId, data: { id, ...data } }));
}

const all = (was: Side, now: Side, event: ActorEvent): readonly Said[] => [
  ...ofStatus(was, now, event),
  ...ofLife(was, now),
  ...ofNode(was, now, event),
];

function ofStatus(was: Side, now: Side, event: ActorEvent): readonly Said[] {
  if (now.status === was.status && now.detail === was.detail) return [];
  const { lastError, operation } = now.context;
  const fault = lastError !== was.context.lastError ? lastError : null;
  const data = {
    old_status: was.status,
    old_status_detail: was.detail,
    status: now.status,
    status_detail: now.detail,
    operation_id: operation?.id ?? null,
    cause: isReserved(event.type) ? null : event.type,
    error: fault === null ? null : { code: fault.code, message: fault.message },
  };
  return [['status_changed', data]];
}

function ofLife(was: Side, now: Side): readonly Said[] {
  const { exit, purgeAt, players } = now.context;
  const said: Said[] = [];
  if (now.status === 'crashed' && was.status !== 'crashed') {
    said.push(['crashed', { exit_code: exit?.exitCode ?? null, oom_killed: exit?.oomKilled ?? false }]);
  }
  if (now.status === 'deleted' && was.status !== 'deleted') said.push(['deleted', { purge_at: timeOf(purgeAt) }]);
  if (players !== was.context.players) said.push(['players', { count: players }]);
  return said;
}

/** Its node was lost, is fenced, is back; it has failed over; a node shows something of it that cannot be. */
function ofNode(was: Side, now: Side, event: ActorEvent): readonly Said[] {
  const { context: before } = was;
  const { context: after } = now;
  const said: Said[] = [];
  const lostNode = { node_id: before.nodeId };
  if (before.loss === null && after.loss !== null) {
    const { since, lastLeaseAt } = after.loss;
    said.push(['lost', { ...lostNode, lost_since: timeOf(since), last_lease_at: timeOf(lastLeaseAt) }]);
  }
  const { fence } = after.loss ?? {};
  if (fence && before.loss !== null && before.loss.fence === null) {
    said.push(['fenced', { ...lostNode, proof: fence.proof, at: timeOf(fence.at) }]);
  }
  if (after.givenUp !== null && after.givenUp !== before.givenUp) said.push(['failed_over', failoverOf(after)]);
  else if (before.loss !== null && after.loss === null && isReturn(was, event)) {
    said.push(['returned', { ...lostNode, lost_since: timeOf(before.loss.since), status: now.status }]);
  }
  const { lastError } = after;
  if (lastError?.code === 'epoch_ahead' && lastError !== before.lastError) {
    said.push(['epoch_ahead', { node_id: 'nodeId' in event ? event.nodeId : null, message: lastError.message }]);
  }
  return said;
}

/** How old the world was that was given up, or that it starts with, is reckoned from its node's last confirmed lease. */
function failoverOf({ givenUp, nodeId, epoch }: ServerContext): Readonly<Record<string, unknown>> {
  const { at = 0, lastLeaseAt = null, nodeId: from = null, fresh = null } = givenUp ?? {};
  return {
    from_node_id: from,
    node_id: nodeId,
    epoch,
    fresh,
    last_lease_at: timeOf(lastLeaseAt),
    world_age_seconds: lastLeaseAt === null ? null : Math.max(0, Math.round((at - lastLeaseAt) / 1000)),
  };
}

const isReturn = ({ detail }: Side, { type }: ActorEvent): boolean =>
  type === 'node.returned' || (detail === 'checking' && isReserved(type));

/** RFC 3339, as all times on the wire. */
const timeOf = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
