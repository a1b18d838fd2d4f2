/**
 * Turns the parts of turns into the rows that the statements of `persistence/sql` take. The snapshot is JSON text already
 * and goes in as it is.
 */
import type { TurnCommit } from '../../actors/store.ts';
import { storable } from '../json.ts';

/** The parameters of `COMMIT_TURNS`. */
export function turnColumns(turns: readonly TurnCommit[]): readonly unknown[] {
  const column = <T>(of: (turn: TurnCommit) => T) => turns.map(of);
  return [
    column(({ address }) => address),
    column(({ kind }) => kind),
    column(({ shard }) => shard),
    column(({ epoch }) => epoch),
    column(({ seq }) => seq),
    column(({ machineVersion }) => machineVersion),
    column(({ status }) => status),
    column(({ event }) => event),
    column(({ by }) => by),
    column(({ from }) => from),
    column(({ to }) => to),
    column(({ operationId }) => operationId),
    column(({ effectsStarted }) => `{${effectsStarted.map(({ name }) => JSON.stringify(name))}}`),
    column(({ computeMs }) => computeMs),
    column(({ consumes }) => consumes),
    `[${column(({ snapshot }) => storable(snapshot))}]`,
  ];
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
