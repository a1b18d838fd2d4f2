import type { Activation, Envelope } from './activation.ts';
import { parseAddress } from './address.ts';
import { errors } from './errors.ts';
import type { RuntimeLimits } from './limits.ts';
import type { TurnCommit } from './store.ts';
import type { Address, PendingEvent } from './types.ts';
import type { Intent, Step } from './xstate.ts';

type Writes = Pick<
  TurnCommit,
  'timersSet' | 'timersCancelled' | 'effectsStarted' | 'effectsEnded' | 'messages' | 'operationsEnded'
>;

/** What the intents of one step come to, once they were applied in order. */
export interface Plan {
  readonly writes: Writes;
  /** Live events that the machine itself emitted. */
  readonly emitted: readonly PendingEvent[];
  readonly reply: unknown;
}

/** A plan in the making. */
interface Draft {
  readonly activation: Activation;
  readonly step: Step;
  readonly timersSet: Map<string, Writes['timersSet'][number]>;
  readonly timersCancelled: Set<string>;
  readonly effectsStarted: Map<string, Writes['effectsStarted'][number]>;
  readonly effectsEnded: Set<string>;
  readonly messages: Writes['messages'][number][];
  readonly operationsEnded: Map<string, Writes['operationsEnded'][number]>;
  readonly emitted: PendingEvent[];
  reply: unknown;
}

type OneOf<T extends Intent['type']> = Extract<Intent, { type: T }>;
type Entry<T extends Intent['type']> = (draft: Draft, intent: OneOf<T>, id: string) => void;

/** Applies the intents in order: a timer set and cancelled in one turn was never set, an effect likewise. */
export function planTurn(
  activation: Activation,
  { origin }: Envelope,
  step: Step,
  seq: number,
  limits: RuntimeLimits,
): Plan {
  const { address } = activation;
  if (step.intents.length > limits.intentsPerTurn) {
    throw errors.turn_too_large({ what: `A turn of ${address}`, limit: `${limits.intentsPerTurn} effects` });
  }
  const draft: Draft = {
    activation,
    step,
    timersSet: new Map(),
    // What this turn takes is gone, whatever the machine says.
    timersCancelled: new Set(origin.type === 'timer' ? [origin.timerId] : []),
    effectsStarted: new Map(),
    effectsEnded: new Set(origin.type === 'effect' ? [origin.id] : []),
    messages: [],
    operationsEnded: new Map(),
    emitted: [],
    reply: undefined,
  };
  step.intents.forEach((intent, index) => {
    (ENTRIES[intent.type] as Entry<Intent['type']>)(draft, intent, `${address}:${seq}:${index}`);
  });
  if (step.ended) endAll(draft);
  return planOf(draft);
}

const ENTRIES: { readonly [T in Intent['type']]: Entry<T> } = {
  'timer.set'({ timersSet }, { id, delayMs, event }) {
    timersSet.set(id, { timerId: id, delayMs, event });
  },
  'timer.cancel'({ timersSet, timersCancelled, activation }, { id }) {
    timersSet.delete(id);
    if (activation.timers.has(id)) timersCancelled.add(id);
  },
  'effect.start'(draft, { childId, name, input }, id) {
    stopEffect(draft, childId);
    const deadlineMs = deadlineOf(draft.activation, name, input);
    draft.effectsStarted.set(childId, { id, childId, name, input, deadlineMs });
  },
  'effect.stop'(draft, { childId }) {
    stopEffect(draft, childId);
  },
  tell({ messages }, { to, event }, id) {
    parseAddress(to);
    messages.push({ id, receiver: to as Address, event });
  },
  'operation.end'({ operationsEnded }, { id, outcome, error = null, message = null }) {
    if (!operationsEnded.has(id)) operationsEnded.set(id, { id, outcome, error, message });
  },
  emit({ emitted, activation, step }, { event: { type, ...data } }) {
    const ownerId = activation.kind.ownerId(step.snapshot);
    emitted.push({ type, subject: parseAddress(activation.address), ownerId, data });
  },
  reply(draft, { value }) {
    draft.reply = value;
  },
};

function stopEffect({ effectsStarted, effectsEnded, activation }: Draft, childId: string): void {
  const running = activation.effects.get(childId);
  if (!effectsStarted.delete(childId) && running !== undefined) effectsEnded.add(running);
}

/** Nothing outlives a machine that has ended: neither timers and effects, nor commands that wait for their turn. */
function endAll(draft: Draft): void {
  const { activation, timersSet, timersCancelled, effectsStarted, effectsEnded, operationsEnded } = draft;
  for (const id of activation.effects.values()) effectsEnded.add(id);
  for (const id of activation.timers.keys()) timersCancelled.add(id);
  timersSet.clear();
  effectsStarted.clear();
  const { code, message, retry } = errors.not_found(parseAddress(activation.address));
  for (const { operationId: id } of activation.stash) {
    if (operationsEnded.has(id)) continue;
    operationsEnded.set(id, { id, outcome: 'failed', error: { code, message, retry }, message: null });
  }
}

function planOf(draft: Draft): Plan {
  const { timersSet, timersCancelled, effectsStarted, effectsEnded, messages, operationsEnded } = draft;
  return {
    writes: {
      timersSet: [...timersSet.values()],
      // A timer that is set anew replaces its row.
      timersCancelled: [...timersCancelled].filter((id) => !timersSet.has(id)),
      effectsStarted: [...effectsStarted.values()],
      effectsEnded: [...effectsEnded],
      messages,
      operationsEnded: [...operationsEnded.values()],
    },
    emitted: draft.emitted,
    reply: draft.reply,
  };
}

function deadlineOf({ kind }: Activation, name: string, input: unknown): number | null {
  const spec = kind.effects[name];
  if (spec === undefined) throw errors.unknown_effect({ kind: kind.kind, effect: name });
  return typeof spec.deadlineMs === 'function' ? spec.deadlineMs(input as never) : spec.deadlineMs;
}
