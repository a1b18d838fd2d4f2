/**
 * A turn: `(activation, message) → what to write`. Pure but for the clock's reading, which it is given.
 */
import type { AnyMachineSnapshot } from 'xstate';
import { type BatonError, type StoredError, storedError } from '../errors.ts';
import type { Activation, Envelope } from './activation.ts';
import { parseAddress } from './address.ts';
import { errors } from './errors.ts';
import { refOf } from './kinds.ts';
import type { RuntimeLimits } from './limits.ts';
import { planTurn } from './plan.ts';
import { refusal } from './refusal.ts';
import type { EndedOperation, NewOperation, TurnCommit } from './store.ts';
import type { ActorEvent, PendingEvent } from './types.ts';
import { type Intent, readableEvent, type Step } from './xstate.ts';

export type TurnOutcome =
  /** The message is stale (its timer was cancelled, its effect left) or changes nothing: forget it. */
  | { readonly type: 'ignored' }
  | { readonly type: 'refused'; readonly error: BatonError }
  /** The command waits for the running operation. */
  | { readonly type: 'stashed'; readonly operation: NewOperation }
  | ComputedTurn;

export interface ComputedTurn {
  readonly type: 'turn';
  readonly commit: TurnCommit;
  readonly step: Step;
  readonly reply: unknown;
}

export interface TurnFacts {
  /** Unix milliseconds; every event gets it as `at`. */
  readonly now: number;
  readonly epoch: number;
  readonly limits: RuntimeLimits;
}

/** Computes what a message does to an actor. Throws what the machine throws, and `turn_too_large`, `operation_lost`. */
export function computeTurn(activation: Activation, envelope: Envelope, facts: TurnFacts): TurnOutcome {
  if (isStale(activation, envelope)) return { type: 'ignored' };
  const { snapshot, address, interpreter } = activation;
  if (envelope.origin.type === 'create') {
    if (snapshot !== null) return { type: 'refused', error: errors.conflict({ reason: `${address} exists already.` }) };
    const input = { ...envelope.event, at: facts.now, operation: operationOf(envelope) };
    return turnOf(activation, envelope, facts, interpreter.initial(address, input));
  }
  if (snapshot === null) return { type: 'refused', error: errors.not_found(refOf(address)) };
  const mismatch = versionMismatch(activation, envelope);
  if (mismatch !== null) return { type: 'refused', error: mismatch };
  const waiting = cancelledInStash(activation, envelope);
  if (waiting !== null) return turnOf(activation, envelope, facts, withdrawal(snapshot, waiting, envelope));
  const step = interpreter.next(address, snapshot, stamped(envelope, facts.now));
  if (step !== null) return turnOf(activation, envelope, facts, step);
  return untaken(activation, envelope, facts);
}

/** The turn that ends a stashed command without its machine having taken it, so that its operation ends too. */
export function computeFailedStash(
  activation: Activation,
  envelope: Envelope,
  facts: TurnFacts,
  error: StoredError,
): TurnOutcome {
  const { snapshot } = activation;
  const { origin } = envelope;
  if (origin.type !== 'stash' || snapshot === null) return { type: 'ignored' };
  const ended: Intent = { type: 'operation.end', id: origin.operationId, outcome: 'failed', error };
  return turnOf(activation, envelope, facts, { snapshot, intents: [ended], ended: false });
}

/** The stashed command that this one cancels: no machine has heard of it yet. */
function cancelledInStash({ stash }: Activation, { origin }: Envelope): string | null {
  const cancels = origin.type === 'command' ? origin.cancels : null;
  return stash.some(({ operationId }) => operationId === cancels) ? cancels : null;
}

function withdrawal(snapshot: AnyMachineSnapshot, waiting: string, { operation }: Envelope): Step {
  const cancelled = {
    id: waiting,
    outcome: 'cancelled',
    message: 'Cancelled while it waited; nothing was done.',
  } as const;
  const ended = [cancelled, ...(operation === null ? [] : [{ id: operation.id, outcome: 'succeeded' } as const])];
  return { snapshot, intents: ended.map((one) => ({ type: 'operation.end', ...one })), ended: false };
}

function stamped(envelope: Envelope, now: number): ActorEvent {
  return envelope.operation === null
    ? { ...envelope.event, at: now }
    : { ...envelope.event, at: now, operation: operationOf(envelope) };
}

const operationOf = ({ operation }: Envelope) =>
  operation === null ? null : { id: operation.id, command: operation.command };

/** What the present state does not take: a command is refused or waits, what is stored is consumed all the same. */
function untaken(activation: Activation, envelope: Envelope, facts: TurnFacts): TurnOutcome {
  const { kind, snapshot } = activation;
  const { origin, event, operation } = envelope;
  if (origin.type === 'send' || snapshot === null) return { type: 'ignored' };
  if (origin.type === 'timer' || origin.type === 'effect' || origin.type === 'message') {
    return turnOf(activation, envelope, facts, { snapshot, intents: [], ended: false });
  }
  const error = refusal(activation, event);
  if (origin.type === 'stash') return computeFailedStash(activation, envelope, facts, storedError(error));
  const mayWait = origin.type === 'command' && origin.ifBusy === 'queue' && kind.operation(snapshot) !== null;
  return mayWait && operation !== null ? { type: 'stashed', operation } : { type: 'refused', error };
}

function isStale({ timers, effects }: Activation, { origin }: Envelope): boolean {
  if (origin.type === 'timer') return timers.get(origin.timerId) !== origin.incarnation;
  return origin.type === 'effect' && effects.get(origin.childId) !== origin.id;
}

function versionMismatch(activation: Activation, { origin }: Envelope): BatonError | null {
  if (origin.type !== 'command' || origin.ifSeq === null || origin.ifSeq === activation.seq) return null;
  return errors.precondition_failed({ expected: origin.ifSeq, actual: activation.seq });
}

function turnOf(activation: Activation, envelope: Envelope, facts: TurnFacts, step: Step): ComputedTurn {
  const { kind, address, snapshot: before } = activation;
  const { origin } = envelope;
  const seq = activation.seq + 1;
  const { writes, emitted, reply } = planTurn(activation, envelope, step, seq, facts.limits);
  checkOperations(activation, envelope, step, writes.operationsEnded);
  const after = kind.status(step.snapshot);
  const commit: TurnCommit = {
    address,
    kind: kind.kind,
    shard: activation.shard,
    epoch: facts.epoch,
    seq,
    machineVersion: activation.version,
    status: after.status,
    ended: step.ended,
    snapshot: serialized(activation, step, facts.limits),
    event: origin.type === 'create' ? 'create' : readableEvent(envelope.event.type),
    by: envelope.by,
    from: before === null ? null : stateName(kind.status(before)),
    to: stateName(after),
    operationId: operationIdOf(activation, envelope, step),
    computeMs: 0,
    consumes: origin.type === 'message' ? origin.id : null,
    operationBegun: origin.type === 'stash' ? null : envelope.operation,
    unstashes: origin.type === 'stash' ? origin.operationId : cancelledInStash(activation, envelope),
    events: [
      ...emitted,
      ...(kind.events?.(before ?? undefined, step.snapshot, envelope.event) ?? []),
      ...operationEvents(activation, envelope, step, writes.operationsEnded),
    ],
    projections: kind.projections?.(step.snapshot, before) ?? [],
    ...writes,
  };
  return { type: 'turn', commit, step, reply };
}

function serialized({ interpreter, address }: Activation, step: Step, { snapshotBytes }: RuntimeLimits): string {
  const snapshot = JSON.stringify(interpreter.persist(step.snapshot));
  if (Buffer.byteLength(snapshot) > snapshotBytes) {
    throw errors.turn_too_large({ what: `The state of ${address}`, limit: `${snapshotBytes} bytes` });
  }
  return snapshot;
}

const stateName = ({ status, detail }: { status: string; detail: string | null }): string =>
  detail === null ? status : `${status}.${detail}`;

function operationIdOf({ kind, snapshot }: Activation, envelope: Envelope, step: Step): string | null {
  const running = kind.operation(step.snapshot) ?? (snapshot === null ? null : kind.operation(snapshot));
  return envelope.operation?.id ?? running?.id ?? null;
}

/** An operation that is in nobody's hands would never end, so a machine that drops one is stopped right there. */
function checkOperations(
  { kind, snapshot }: Activation,
  { operation }: Envelope,
  step: Step,
  ended: readonly EndedOperation[],
): void {
  const before = snapshot === null ? undefined : kind.operation(snapshot)?.id;
  const after = kind.operation(step.snapshot)?.id;
  const kept = step.ended ? undefined : after;
  for (const id of [before, operation?.id, after]) {
    if (id === undefined || id === kept || ended.some((one) => one.id === id)) continue;
    throw errors.operation_lost({ operation: id });
  }
}

/** Operations are not actors; the events of their beginning and end come from here. */
function operationEvents(
  { address, kind }: Activation,
  envelope: Envelope,
  step: Step,
  ended: readonly EndedOperation[],
): readonly PendingEvent[] {
  const begun = envelope.origin.type === 'stash' ? undefined : envelope.operation?.id;
  if (begun === undefined && ended.length === 0) return [];
  const target = parseAddress(address);
  const event = (id: string, status: string, error: unknown): PendingEvent => ({
    type: 'operation.updated',
    subject: { kind: 'operation', id },
    ownerId: kind.ownerId(step.snapshot),
    data: { id, status, target, error },
  });
  const over = ended.map(({ id, outcome, error }) => event(id, outcome, error));
  return begun === undefined || ended.some(({ id }) => id === begun) ? over : [event(begun, 'running', null), ...over];
}
