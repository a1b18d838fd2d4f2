/**
 * Runs a machine as the runtime does, in memory and by hand: a turn at a time, with effects, timers and verbs laid open.
 * After each turn the snapshot goes through JSON and back, so that every test is also one of what is stored.
 */
import type { AnyActorRef, AnyActorScope, AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { OperationRef, Verb, VerbParams } from '../../src/actors/verbs.ts';
import type { StoredError } from '../../src/errors.ts';

type Event = { readonly type: string; readonly [key: string]: unknown };
interface Collected {
  readonly type: string;
  readonly params?: Record<string, unknown>;
}
interface Timer {
  readonly dueAt: number;
  readonly event: Event;
}
interface Started {
  readonly src: string;
  readonly input: unknown;
}

const nothing = () => {};
const inert = {
  _bookId: () => '',
  _register: () => '',
  _unregister: nothing,
  _set: nothing,
  get: nothing,
  _sendInspectionEvent: nothing,
  _relay: nothing,
  scheduler: { schedule: nothing, cancel: nothing, cancelAll: nothing },
  _snapshot: { _scheduledEvents: {} },
  _clock: { setTimeout: nothing, clearTimeout: nothing },
  _logger: nothing,
};

/** A scope in which nothing acts: it only collects. */
export const scopeFor = (collected: Collected[]): AnyActorScope =>
  ({
    self: { id: 'self', sessionId: 'self', system: inert, send: nothing },
    id: 'self',
    sessionId: 'self',
    system: inert,
    logger: nothing,
    defer: nothing,
    emit: nothing,
    stopChild: nothing,
    actionExecutor: (action: Collected) => collected.push(action),
  }) as unknown as AnyActorScope;

export class Drive<Context> {
  now: number;
  snapshot: AnyMachineSnapshot;
  readonly effects = new Map<string, Started>();
  readonly timers = new Map<string, Timer>();
  /** Of the last turn. */
  verbs: Verb[] = [];
  /** Names of actions of the last turn that the runtime would not know. */
  unknown: string[] = [];
  /** How operations ended, in order. */
  readonly ended: VerbParams['endOperation'][] = [];
  readonly #machine: AnyStateMachine;
  #lastOperation = 0;

  constructor(machine: AnyStateMachine, input: Record<string, unknown>, now = 1_000_000) {
    this.#machine = machine;
    this.now = now;
    const collected: Collected[] = [];
    this.snapshot = this.#apply(machine.getInitialSnapshot(scopeFor(collected), { at: now, ...input }), collected);
  }

  get context(): Context {
    return this.snapshot.context as Context;
  }

  /** `starting.booting`, or `stopped`. */
  get state(): string {
    const { value } = this.snapshot;
    return typeof value === 'string' ? value : Object.entries(value).flat().join('.');
  }

  /** Takes an event, and says whether it was taken. */
  send(event: Event): boolean {
    if (this.snapshot.status !== 'active') return false;
    const collected: Collected[] = [];
    const after = this.#machine.transition(this.snapshot, { at: this.now, ...event }, scopeFor(collected));
    if (after.status === 'error') throw after.error;
    if (after === this.snapshot && collected.length === 0) return false;
    this.snapshot = this.#apply(after as AnyMachineSnapshot, collected);
    return true;
  }

  /** Takes a command with an operation of its own; null when it is refused. */
  command(type: string, options: Record<string, unknown> = {}): OperationRef | null {
    this.#lastOperation += 1;
    const operation = { id: `${type}-${this.#lastOperation}`, command: type };
    return this.send({ type, operation, ...options }) ? operation : null;
  }

  /** The effect ends well. Throws when it is not running. */
  done(effect: string, output: unknown = {}): void {
    this.#leave(effect);
    this.#feedBack({ type: `xstate.done.actor.${effect}`, output, actorId: effect });
  }

  /** The effect fails. Throws when it is not running. */
  fails(effect: string, error: Partial<StoredError> = {}): void {
    this.#leave(effect);
    const failure: StoredError = { code: 'broken', message: 'It broke.', retry: 'permanent', ...error };
    this.#feedBack({ type: `xstate.error.actor.${effect}`, error: failure, actorId: effect });
  }

  /** Moves the clock to the timer with this delay's name and lets it ring. Throws when it is not set. */
  ring(delay: string): void {
    const [id, timer] = [...this.timers].find(([key]) => key.startsWith(`xstate.after.${delay}.`)) ?? [];
    if (id === undefined || timer === undefined) throw new Error(`${delay} is not set; there are ${this.delays()}`);
    this.timers.delete(id);
    this.now = Math.max(this.now, timer.dueAt);
    this.#feedBack(timer.event);
  }

  /** The names of the delays that are set. */
  delays(): string[] {
    return [...this.timers.keys()].map((id) => id.split('.')[2] ?? id);
  }

  /** How long until the timer rings, ms. */
  dueIn(delay: string): number | undefined {
    const timer = [...this.timers].find(([key]) => key.startsWith(`xstate.after.${delay}.`))?.[1];
    return timer && timer.dueAt - this.now;
  }

  /** What the last turn told other actors. */
  told(): { to: string; event: Event }[] {
    return this.verbs.flatMap((verb) => (verb.type === 'tell' ? [verb.params] : []));
  }

  #leave(effect: string): void {
    if (!this.effects.delete(effect)) throw new Error(`${effect} is not running in ${this.state}`);
  }

  #feedBack(event: Event): void {
    // A guard may turn a timer down; the runtime consumes it all the same.
    this.send(event);
  }

  #apply(after: AnyMachineSnapshot, collected: Collected[]): AnyMachineSnapshot {
    this.verbs = [];
    this.unknown = [];
    for (const { type, params = {} } of collected) this.#take(type, params);
    if (after.status !== 'active') {
      this.effects.clear();
      this.timers.clear();
    }
    const stored = JSON.parse(JSON.stringify(this.#machine.getPersistedSnapshot(after)));
    return this.#machine.restoreSnapshot(stored, scopeFor([])) as AnyMachineSnapshot;
  }

  #take(type: string, params: Record<string, unknown>): void {
    switch (type) {
      case 'xstate.raise':
        if (params.delay === undefined) return;
        this.timers.set(String(params.id), { dueAt: this.now + Number(params.delay), event: params.event as Event });
        return;
      case 'xstate.cancel':
        this.timers.delete(String(params.sendId));
        return;
      case 'xstate.spawnChild':
        this.effects.set((params.actorRef as AnyActorRef).id, { src: String(params.src), input: params.input });
        return;
      case 'xstate.stopChild':
        this.effects.delete(String(params.id));
        return;
      case 'endOperation':
        this.ended.push(params as VerbParams['endOperation']);
        this.verbs.push({ type, params } as Verb);
        return;
      case 'tell':
      case 'reply':
        this.verbs.push({ type, params } as Verb);
        return;
      default:
        this.unknown.push(type);
    }
  }
}
