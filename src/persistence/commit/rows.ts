/**
 * Turns the parts of turns into the rows that the statements of `persistence/sql` take. The snapshot is JSON text already
 * and goes in as it is.
 */
import type { TurnCommit } from '../../actors/store.ts';
import { storable, toJsonb } from '../json.ts';

/** The batch for `COMMIT_TURNS`. */
export function turnRows(turns: readonly TurnCommit[]): string {
  return `[${turns.map(turnRow).join(',')}]`;
}

function turnRow(turn: TurnCommit): string {
  const row = toJsonb({
    address: turn.address,
    kind: turn.kind,
    shard: turn.shard,
    epoch: turn.epoch,
    seq: turn.seq,
    machine_version: turn.machineVersion,
    status: turn.status,
    event: turn.event,
    by: turn.by,
    from_state: turn.from,
    to_state: turn.to,
    operation_id: turn.operationId,
    effects: turn.effectsStarted.map(({ name }) => name),
    duration_ms: turn.computeMs,
    consumes: turn.consumes,
  });
  return `${row.slice(0, -1)},"snapshot":${storable(turn.snapshot)}}`;
}

export const cancelledTimers = (turns: readonly TurnCommit[]) =>
  turns.flatMap(({ address, timersCancelled }) => timersCancelled.map((id) => ({ address, timer_id: id })));

export const setTimers = (turns: readonly TurnCommit[]) =>
  turns.flatMap(({ address, seq, timersSet }) =>
    timersSet.map(({ timerId, delayMs, event }) => ({
      address,
      timer_id: timerId,
      incarnation: seq,
      delay_ms: delayMs,
      event,
    })),
  );

export const startedEffects = (turns: readonly TurnCommit[]) =>
  turns.flatMap(({ address, seq, effectsStarted }) =>
    effectsStarted.map(({ id, childId, name, input, deadlineMs }) => ({
      id,
      address,
      child_id: childId,
      name,
      incarnation: seq,
      input,
      deadline_ms: deadlineMs,
    })),
  );

export const sentMessages = (turns: readonly TurnCommit[]) =>
  turns.flatMap(({ address, messages }) =>
    messages.map(({ id, receiver, event }) => ({ id, sender: address, receiver, event })),
  );

export const begunOperations = (turns: readonly TurnCommit[]) =>
  turns.flatMap(({ address, operationBegun: begun }) => (begun === null ? [] : [operationRow(address, begun, null)]));

export function operationRow(
  target: string,
  operation: NonNullable<TurnCommit['operationBegun']>,
  message: string | null,
) {
  return {
    id: operation.id,
    command: operation.command,
    target,
    account_id: operation.accountId,
    message,
    idempotency_key: operation.idempotencyKey,
    fingerprint: operation.fingerprint,
  };
}

export const endedOperations = (turns: readonly TurnCommit[]) =>
  turns.flatMap(({ operationsEnded }) =>
    operationsEnded.map(({ id, outcome, message, error }) => ({ id, status: outcome, message, error })),
  );

export const eventRow = ({ type, subject, ownerId, data }: TurnCommit['events'][number]) => ({
  type,
  subject_kind: subject.kind,
  subject_id: subject.id,
  owner_id: ownerId,
  data,
});
