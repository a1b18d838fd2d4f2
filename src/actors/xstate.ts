/**
 * The one file that knows XState's action and event names (pinned to 5.33.3 by `test/actors/xstate-contract.test.ts`).
 *
 * A machine is stepped with its own public `transition` and a scope of ours that only collects what it asks for: nothing
 * is started, sent or scheduled while a turn is computed. What was collected comes back as {@link Intent}s, in the order
 * in which XState listed them; applying them in order makes re-entered states right.
 */
import type { AnyActorRef, AnyActorScope, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { StoredError } from '../errors.ts';
import type { ActorEvent, Address } from './types.ts';
import type { OperationOutcome } from './verbs.ts';

/** What a turn asks the runtime to do once it is committed. All of it is JSON. */
export type Intent =
  | { readonly type: 'timer.set'; readonly id: string; readonly delayMs: number; readonly event: ActorEvent }
  | { readonly type: 'timer.cancel'; readonly id: string }
  | { readonly type: 'effect.start'; readonly childId: string; readonly name: string; readonly input: unknown }
  | { readonly type: 'effect.stop'; readonly childId: string }
  | { readonly type: 'tell'; readonly to: string; readonly event: ActorEvent }
  | { readonly type: 'emit'; readonly event: ActorEvent }
  | { readonly type: 'reply'; readonly value: unknown }
  | {
      readonly type: 'operation.end';
      readonly id: string;
      readonly outcome: OperationOutcome;
      readonly error?: StoredError;
      readonly message?: string;
    };

export interface Step {
  readonly snapshot: AnyMachineSnapshot;
  readonly intents: readonly Intent[];
  /** The machine reached its end; it takes no further event. */
  readonly ended: boolean;
}

export interface Interpreter {
  /** The first step of a new actor. */
  initial(address: Address, input: unknown): Step;
  /** The step that an event causes, or null when the present state does not take it. Throws what a guard or assign throws. */
  next(address: Address, snapshot: AnyMachineSnapshot, event: ActorEvent): Step | null;
  /** A live snapshot from a stored one. Throws when the machine no longer knows a stored state. */
  restore(address: Address, stored: unknown): AnyMachineSnapshot;
  /** The form that is stored: JSON. */
  persist(snapshot: AnyMachineSnapshot): unknown;
}

/** The event that tells a machine that an effect has succeeded. */
export const effectDone = (childId: string, output: unknown): ActorEvent => ({
  type: `xstate.done.actor.${childId}`,
  output,
  actorId: childId,
});

/** The event that tells a machine that an effect has failed. */
export const effectFailed = (childId: string, error: StoredError): ActorEvent => ({
  type: `xstate.error.actor.${childId}`,
  error,
  actorId: childId,
});

/** Whether an event type is XState's own; such events are never taken from outside. */
export const isReserved = (type: string): boolean => type.startsWith('xstate.') || type === '*' || type === '';

/** An event's name as people read it in the journal: `createContainer done`, `after boot`. */
export function readableEvent(type: string): string {
  const [, done] = /^xstate\.done\.actor\.(.+)$/.exec(type) ?? [];
  if (done !== undefined) return `${done} done`;
  const [, failed] = /^xstate\.error\.actor\.(.+)$/.exec(type) ?? [];
  if (failed !== undefined) return `${failed} failed`;
  const [, delay] = /^xstate\.after\.([^.]+)\./.exec(type) ?? [];
  if (delay !== undefined) return `after ${delay}`;
  return type === 'xstate.init' ? 'create' : type;
}

/** @param microsteps how many steps one event may cause before the machine counts as running in a circle, and throws */
export function createInterpreter(machine: AnyStateMachine, microsteps: number): Interpreter {
  // XState's own default is no bound at all, and a circle of eventless transitions would hold the whole process.
  machine.options.maxIterations = Math.min(machine.options.maxIterations ?? microsteps, microsteps);
  const step = (before: AnyMachineSnapshot | null, after: AnyMachineSnapshot, actions: readonly Collected[]): Step => {
    if (after.status === 'error') throw after.error;
    return {
      snapshot: after,
      intents: [...toIntents(actions), ...orphans(before, after, actions)],
      ended: after.status !== 'active',
    };
  };
  return {
    initial(address, input) {
      const actions: Collected[] = [];
      return step(null, machine.getInitialSnapshot(scopeFor(address, actions), input), actions);
    },
    next(address, snapshot, event) {
      if (snapshot.status !== 'active') return null;
      const actions: Collected[] = [];
      const after = machine.transition(snapshot, event, scopeFor(address, actions)) as AnyMachineSnapshot;
      return after === snapshot && actions.length === 0 ? null : step(snapshot, after, actions);
    },
    restore: (address, stored) =>
      machine.restoreSnapshot(stored as Parameters<AnyStateMachine['restoreSnapshot']>[0], scopeFor(address, [])),
    persist: (snapshot) => machine.getPersistedSnapshot(snapshot),
  };
}

interface Collected {
  readonly type: string;
  readonly params: Record<string, unknown> | undefined;
}

/** XState hands out numbers to actors of a system; ours are named by the invocation, so the number means nothing. */
const nothing = (): void => {};

/** The parts of an actor system that XState touches while it resolves a step. None of them does anything. */
const inertSystem = {
  _bookId: () => 'effect',
  _register: () => 'effect',
  _unregister: nothing,
  _set: nothing,
  get: (key: string) => addressRef(key),
  getAll: () => ({}),
  inspect: () => ({ unsubscribe: nothing }),
  _sendInspectionEvent: nothing,
  _relay: nothing,
  scheduler: { schedule: nothing, cancel: nothing, cancelAll: nothing },
  getSnapshot: () => ({ _scheduledEvents: {} }),
  start: nothing,
  _snapshot: { _scheduledEvents: {} },
  _clock: { setTimeout: nothing, clearTimeout: nothing },
  _logger: nothing,
};

/** Stands for an actor by its address; only its id is ever read. */
function addressRef(address: string): AnyActorRef {
  return { id: address, sessionId: address, system: inertSystem, send: nothing } as unknown as AnyActorRef;
}

function scopeFor(address: Address, actions: Collected[]): AnyActorScope {
  return {
    self: addressRef(address),
    id: address,
    sessionId: address,
    system: inertSystem,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: (action: Collected) => actions.push(action),
  } as unknown as AnyActorScope;
}

function toIntents(actions: readonly Collected[]): Intent[] {
  const intents: Intent[] = [];
  for (const action of actions) {
    const intent = toIntent(action.type, action.params ?? {});
    if (intent !== null) intents.push(intent);
  }
  return intents;
}

function toIntent(type: string, params: Record<string, unknown>): Intent | null {
  switch (type) {
    case 'xstate.raise': {
      // Without delay it was consumed within the step; a delay of 0 is still a delay.
      if (params.delay === undefined) return null;
      const event = params.event as ActorEvent;
      return { type: 'timer.set', id: String(params.id ?? event.type), delayMs: Number(params.delay), event };
    }
    case 'xstate.cancel':
      return { type: 'timer.cancel', id: String(params.sendId) };
    case 'xstate.spawnChild': {
      // `params.id` may be a function or absent; the reference always has the id.
      const childId = (params.actorRef as AnyActorRef).id;
      return { type: 'effect.start', childId, name: String(params.src), input: params.input ?? null };
    }
    case 'xstate.stopChild':
      // The parameters are the reference itself, or nothing when there is no such child.
      return params.id === undefined ? null : { type: 'effect.stop', childId: String(params.id) };
    case 'xstate.sendTo': {
      if (params.delay !== undefined) throw new TypeError('A delayed sendTo is not durable: raise it with a delay.');
      return { type: 'tell', to: String((params.to as AnyActorRef).id), event: params.event as ActorEvent };
    }
    case 'xstate.emit':
      return { type: 'emit', event: params.event as ActorEvent };
    case 'xstate.log':
      return null;
    case 'tell':
      return { type: 'tell', to: String(params.to), event: params.event as ActorEvent };
    case 'reply':
      return { type: 'reply', value: params.value };
    case 'endOperation':
      return { type: 'operation.end', ...(params as { id: string; outcome: OperationOutcome }) };
    default:
      throw new TypeError(`The machine takes the action "${type}", which the runtime does not know.`);
  }
}

type Children = Readonly<Record<string, AnyActorRef | undefined>>;

/**
 * Children that are gone without XState saying `stopChild`, as when the machine ended. A child that came without
 * `spawnChild` was made with `spawn` inside of `assign`: it would be stored, and nobody would ever run it.
 */
function orphans(
  before: AnyMachineSnapshot | null,
  after: AnyMachineSnapshot,
  actions: readonly Collected[],
): Intent[] {
  const had: Children = before?.children ?? NO_CHILDREN;
  const has: Children = after.status === 'active' ? after.children : NO_CHILDREN;
  if (had === has) return [];
  const named = (type: string, ref: (params: Record<string, unknown>) => unknown) =>
    new Set(actions.filter((action) => action.type === type).map(({ params }) => ref(params ?? {})));
  const spawned = named('xstate.spawnChild', ({ actorRef }) => actorRef);
  for (const [id, child] of Object.entries(has)) {
    if (child === had[id] || spawned.has(child)) continue;
    throw new TypeError(`The machine spawns "${id}" inside of assign: use invoke or spawnChild, which can be stored.`);
  }
  const stopped = named('xstate.stopChild', ({ id }) => id);
  return Object.keys(had)
    .filter((id) => has[id] === undefined && !stopped.has(id))
    .map((childId) => ({ type: 'effect.stop', childId }));
}

const NO_CHILDREN: Children = {};
