/**
 * A turn: `(activation, message) → what to write`. Pure but for the clock's reading, which it is given.
 */
import { type BatonError, storedError } from '../errors.ts';
import type { Activation, Envelope } from './activation.ts';
import { parseAddress } from './address.ts';
import { errors } from './errors.ts';
import type { RuntimeLimits } from './limits.ts';
import type { EndedOperation, TurnCommit } from './store.ts';
import type { ActorEvent, PendingEvent } from './types.ts';
import { type Intent, readableEvent, type Step } from './xstate.ts';

export type TurnOutcome =
  /** The message is stale (its timer was cancelled, its effect left) or changes nothing: forget it. */
  | { readonly type: 'ignored' }
  | { readonly type: 'refused'; readonly error: BatonError }
  /** The command waits for the running operation. */
  | { readonly type: 'stashed' }
  | { readonly type: 'turn'; readonly commit: TurnCommit; readonly step: Step; readonly reply: unknown };

export interface TurnFacts {
  /** Unix milliseconds; every event gets it as `at`. */
  readonly now: number;
  readonly epoch: number;
  readonly limits: RuntimeLimits;
  readonly machineVersion: string;
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
  if (snapshot === null) return { type: 'refused', error: notFound(activation) };
  const mismatch = versionMismatch(activation, envelope);
  if (mismatch !== null) return { type: 'refused', error: mismatch };
  const step = interpreter.next(address, snapshot, stamped(envelope, facts.now));
  if (step !== null) return turnOf(activation, envelope, facts, step);
  return untaken(activation, envelope, facts);
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
  const { origin } = envelope;
  if (origin.type === 'send') return { type: 'ignored' };
  if (origin.type === 'ask') return { type: 'refused', error: refusal(activation, envelope.event) };
  if (origin.type === 'command') {
    const busy = activation.snapshot !== null && activation.kind.operation(activation.snapshot) !== null;
    return busy && origin.ifBusy === 'queue'
      ? { type: 'stashed' }
      : { type: 'refused', error: refusal(activation, envelope.event) };
  }
  const unchanged: Step = { snapshot: present(activation), intents: [], ended: false };
  if (origin.type !== 'stash') return turnOf(activation, envelope, facts, unchanged);
  const error = storedError(refusal(activation, envelope.event));
  const ended: Intent = { type: 'operation.end', id: origin.operationId, outcome: 'failed', error };
  return turnOf(activation, envelope, facts, { ...unchanged, intents: [ended] });
}

function isStale({ timers, effects }: Activation, { origin }: Envelope): boolean {
  if (origin.type === 'timer') return timers.get(origin.timerId) !== origin.incarnation;
  return origin.type === 'effect' && effects.get(origin.childId) !== origin.id;
}

function versionMismatch(activation: Activation, { origin }: Envelope): BatonError | null {
  if (origin.type !== 'command' || origin.ifSeq === null || origin.ifSeq === activation.seq) return null;
  return errors.precondition_failed({ expected: origin.ifSeq, actual: activation.seq });
}

function notFound({ address }: Activation): BatonError {
  return errors.not_found(parseAddress(address));
}

function present({ snapshot, address }: Activation) {
  if (snapshot === null) throw new TypeError(`${address} has no state.`);
  return snapshot;
}

/** The refusal of an event, with the state, the running operation and the commands that would be taken now. */
export function refusal(activation: Activation, event: ActorEvent): BatonError {
  const { kind, snapshot } = activation;
  if (snapshot === null) return notFound(activation);
  const special = kind.refusal?.(snapshot, event);
  if (special !== undefined) return special;
  const { status, detail } = kind.status(snapshot);
  return errors.invalid_transition({
    kind: kind.kind,
    state: detail === null ? status : `${status} (${detail})`,
    command: event.type,
    operation: kind.operation(snapshot),
    allowed: allowedCommands(activation),
  });
}

/** The commands that the present state takes, with default options. */
export function allowedCommands({ kind, interpreter, address, snapshot }: Activation): readonly string[] {
  if (snapshot === null) return [];
  const operation = { id: '00000000-0000-0000-0000-000000000000', command: '' };
  return kind.commands.filter((type) => {
    const event = { type, at: 0, operation, operationId: kind.operation(snapshot)?.id, changes: {} };
    try {
      return interpreter.next(address, snapshot, event) !== null;
    } catch {
      return false;
    }
  });
}

function turnOf(activation: Activation, envelope: Envelope, facts: TurnFacts, step: Step): TurnOutcome {
  const { kind, address, snapshot: before } = activation;
  const seq = activation.seq + 1;
  const plan = planIntents(activation, envelope, step, seq, facts.limits);
  const from = before === null ? null : stateName(kind.status(before));
  const { status } = kind.status(step.snapshot);
  checkOperations(activation, envelope, step, plan.operationsEnded);
  const snapshot = JSON.stringify(activation.interpreter.persist(step.snapshot));
  if (snapshot.length > facts.limits.snapshotBytes) {
    throw errors.turn_too_large({ what: `The state of ${address}`, limit: `${facts.limits.snapshotBytes} bytes` });
  }
  const commit: TurnCommit = {
    address,
    kind: kind.kind,
    shard: activation.shard,
    epoch: facts.epoch,
    seq,
    machineVersion: facts.machineVersion,
    status,
    ended: step.ended,
    snapshot,
    event: envelope.origin.type === 'create' ? 'create' : readableEvent(envelope.event.type),
    by: envelope.by,
    from,
    to: stateName(kind.status(step.snapshot)),
    operationId: operationIdOf(activation, envelope, step),
    computeMs: 0,
    consumes: envelope.origin.type === 'message' ? envelope.origin.id : null,
    operationBegun: envelope.origin.type === 'stash' ? null : envelope.operation,
    unstashes: envelope.origin.type === 'stash' ? envelope.origin.operationId : null,
    events: [
      ...plan.emitted,
      ...(kind.events?.(before ?? undefined, step.snapshot, envelope.event) ?? []),
      ...operationEvents(activation, envelope, step, plan.operationsEnded),
    ],
    projections: kind.projections?.(step.snapshot) ?? [],
    ...plan.writes,
  };
  return { type: 'turn', commit, step, reply: plan.reply };
}

const stateName = ({ status, detail }: { status: string; detail: string | null }): string =>
  detail === null ? status : `${status}.${detail}`;

function operationIdOf({ kind, snapshot }: Activation, envelope: Envelope, step: Step): string | null {
  const running = kind.operation(step.snapshot) ?? (snapshot === null ? null : kind.operation(snapshot));
  return envelope.operation?.id ?? running?.id ?? null;
}

/** An operation that is in nobody's hands would never end, so a machine that drops one is stopped right there. */
function checkOperations(
  activation: Activation,
  { operation }: Envelope,
  step: Step,
  ended: readonly EndedOperation[],
) {
  const { kind, snapshot } = activation;
  const endedIds = new Set(ended.map(({ id }) => id));
  const after = kind.operation(step.snapshot)?.id;
  const before = snapshot === null ? undefined : kind.operation(snapshot)?.id;
  for (const id of [before, operation?.id]) {
    if (id !== undefined && id !== after && !endedIds.has(id)) throw errors.operation_lost({ operation: id });
  }
}

/** Operations are not actors; the events of their beginning and end come from here. */
function operationEvents(
  { address, kind }: Activation,
  envelope: Envelope,
  step: Step,
  ended: readonly EndedOperation[],
) {
  const target = parseAddress(address);
  const event = (id: string, status: string, error: unknown): PendingEvent => ({
    type: 'operation.updated',
    subject: { kind: 'operation', id },
    ownerId: kind.ownerId(step.snapshot),
    data: { id, status, target, error },
  });
  const begun = envelope.origin.type === 'stash' ? undefined : envelope.operation?.id;
  const over = ended.map(({ id, outcome, error }) => event(id, outcome, error));
  return begun === undefined || ended.some(({ id }) => id === begun) ? over : [event(begun, 'running', null), ...over];
}

type Writes = Pick<
  TurnCommit,
  'timersSet' | 'timersCancelled' | 'effectsStarted' | 'effectsEnded' | 'messages' | 'operationsEnded'
>;

interface Plan {
  readonly writes: Writes;
  readonly operationsEnded: readonly EndedOperation[];
  readonly emitted: readonly PendingEvent[];
  readonly reply: unknown;
}

/** Applies the intents in order: a timer set and cancelled in one turn was never set, an effect likewise. */
function planIntents(activation: Activation, envelope: Envelope, step: Step, seq: number, limits: RuntimeLimits): Plan {
  const { address, kind, timers, effects } = activation;
  const { origin } = envelope;
  if (step.intents.length > limits.intentsPerTurn) {
    throw errors.turn_too_large({ what: `A turn of ${address}`, limit: `${limits.intentsPerTurn} effects` });
  }
  const timersSet = new Map<string, TurnCommit['timersSet'][number]>();
  const timersCancelled = new Set<string>(origin.type === 'timer' ? [origin.timerId] : []);
  const started = new Map<string, TurnCommit['effectsStarted'][number]>();
  const ended = new Set<string>(origin.type === 'effect' ? [origin.id] : []);
  const messages: TurnCommit['messages'][number][] = [];
  const operationsEnded: EndedOperation[] = [];
  const emitted: PendingEvent[] = [];
  let reply: unknown;
  const stopEffect = (childId: string) => {
    const running = effects.get(childId);
    if (!started.delete(childId) && running !== undefined) ended.add(running);
  };
  step.intents.forEach((intent, index) => {
    const id = `${address}:${seq}:${index}`;
    switch (intent.type) {
      case 'timer.set':
        timersSet.set(intent.id, { timerId: intent.id, delayMs: intent.delayMs, event: intent.event });
        break;
      case 'timer.cancel':
        timersSet.delete(intent.id);
        if (timers.has(intent.id)) timersCancelled.add(intent.id);
        break;
      case 'effect.start': {
        stopEffect(intent.childId);
        const { childId, name, input } = intent;
        started.set(childId, { id, childId, name, input, deadlineMs: deadlineOf(activation, name, input) });
        break;
      }
      case 'effect.stop':
        stopEffect(intent.childId);
        break;
      case 'tell':
        messages.push({ id, receiver: intent.to as TurnCommit['address'], event: intent.event });
        break;
      case 'operation.end': {
        const { outcome, error = null, message = null } = intent;
        if (!operationsEnded.some((e) => e.id === intent.id)) {
          operationsEnded.push({ id: intent.id, outcome, error, message });
        }
        break;
      }
      case 'emit': {
        const { type, ...data } = intent.event;
        const subject = parseAddress(address);
        emitted.push({ type, subject, ownerId: kind.ownerId(step.snapshot), data });
        break;
      }
      case 'reply':
        reply = intent.value;
        break;
    }
  });
  if (step.ended) {
    for (const id of effects.values()) ended.add(id);
    for (const id of timers.keys()) timersCancelled.add(id);
    timersSet.clear();
    started.clear();
  }
  const writes: Writes = {
    timersSet: [...timersSet.values()],
    timersCancelled: [...timersCancelled].filter((id) => !timersSet.has(id)),
    effectsStarted: [...started.values()],
    effectsEnded: [...ended],
    messages,
    operationsEnded,
  };
  return { writes, operationsEnded, emitted, reply };
}

function deadlineOf({ kind }: Activation, name: string, input: unknown): number | null {
  const spec = kind.effects[name];
  if (spec === undefined) throw errors.unknown_effect({ kind: kind.kind, effect: name });
  return typeof spec.deadlineMs === 'function' ? spec.deadlineMs(input as never) : spec.deadlineMs;
}
