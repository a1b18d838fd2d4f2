import type { AnyMachineSnapshot } from 'xstate';
import type { ActorEvent, PendingEvent } from '../../actors/types.ts';
import { isReserved } from '../../actors/xstate.ts';
import { type NodeContext, nodeStatus } from '../../machines/node/index.ts';

const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as NodeContext;

/** What pages are told when a turn changed how a node is. */
export function nodeEvents(
  before: AnyMachineSnapshot | undefined,
  after: AnyMachineSnapshot,
  event: ActorEvent,
): readonly PendingEvent[] {
  const { id, name, fence, lastError, guarded } = contextOf(after);
  const say = (type: string, data: Record<string, unknown>): PendingEvent => ({
    type: `node.${type}`,
    subject: { kind: 'node', id },
    ownerId: null,
    data: { id, name, ...data },
  });
  const { status, detail, connection, pressure } = nodeStatus(after);
  if (before === undefined) return [say('created', { status, connection })];
  if (after.status !== 'active') return [say('removed', {})];
  const was = nodeStatus(before);
  const isSame = status === was.status && detail === was.detail && connection === was.connection;
  const guard = guarded === contextOf(before).guarded ? [] : [say(guarded ? 'guarded' : 'unguarded', {})];
  if (isSame && pressure === was.pressure) return guard;
  const fault = lastError !== contextOf(before).lastError ? lastError : null;
  return [
    ...guard,
    say('status_changed', {
      old_status: was.status,
      status,
      status_detail: detail,
      old_connection: was.connection,
      connection,
      pressure,
      fence: fence === null ? null : { proof: fence.proof, at: new Date(fence.at).toISOString() },
      cause: isReserved(event.type) ? null : event.type,
      error: fault === null ? null : { code: fault.code, message: fault.message },
    }),
  ];
}
