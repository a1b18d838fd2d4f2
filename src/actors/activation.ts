import type { AnyMachineSnapshot } from 'xstate';
import type { BatonError, StoredError } from '../errors.ts';
import type { NewOperation, StashedCommand, StoredActor } from './store.ts';
import type { ActorEvent, ActorKind, Address, Operation } from './types.ts';
import type { Interpreter } from './xstate.ts';

/** Where a message came from; says what its turn must remove from the store. */
export type Origin =
  | { readonly type: 'create' }
  | { readonly type: 'command'; readonly ifBusy: 'refuse' | 'queue'; readonly ifSeq: number | null }
  | { readonly type: 'stash'; readonly operationId: string }
  | { readonly type: 'ask' }
  | { readonly type: 'send' }
  | { readonly type: 'timer'; readonly timerId: string; readonly incarnation: number }
  | { readonly type: 'effect'; readonly id: string; readonly childId: string }
  | { readonly type: 'message'; readonly id: string };

/** A message in a mailbox. */
export interface Envelope {
  readonly event: ActorEvent;
  readonly origin: Origin;
  /** Who asked, for the journal. */
  readonly by: string | null;
  /** The operation that a command begins. */
  readonly operation: NewOperation | null;
  readonly settle: Settle | null;
  attempts: number;
}

/** How the asker learns of the outcome. */
export interface Settle {
  done(answer: { readonly reply: unknown; readonly operation: Operation | null }): void;
  failed(error: BatonError): void;
}

/**
 * An actor in memory. Its `phase` is always one of:
 *
 * - `loading`: its row is being read; messages wait.
 * - `idle`: nothing to do; the only phase in which it may be passivated.
 * - `committing`: one turn is computed and being written; the next message waits for the outcome.
 * - `dropped`: it is no longer the activation of its address; whoever still holds it must let go.
 */
export interface Activation {
  readonly address: Address;
  readonly kind: ActorKind;
  readonly interpreter: Interpreter;
  readonly shard: number;
  phase: 'loading' | 'idle' | 'committing' | 'dropped';
  /** Of the last commit; 0 while the actor does not exist. */
  seq: number;
  snapshot: AnyMachineSnapshot | null;
  quarantined: StoredError | null;
  /** Set timers by id, with their incarnation. */
  timers: ReadonlyMap<string, number>;
  /** Running effects by child id, with the effect's id. */
  effects: ReadonlyMap<string, string>;
  stash: readonly StashedCommand[];
  /** Timers, effect results, durable messages: they overtake what users ask. */
  readonly system: Envelope[];
  readonly user: Envelope[];
  /** A durable message did not fit; it must be read from the store again once there is room. */
  overflowed: boolean;
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

export function createActivation(
  address: Address,
  kind: ActorKind,
  interpreter: Interpreter,
  shard: number,
): Activation {
  return {
    address,
    kind,
    interpreter,
    shard,
    phase: 'loading',
    seq: 0,
    snapshot: null,
    quarantined: null,
    timers: NONE,
    effects: NONE,
    stash: [],
    system: [],
    user: [],
    overflowed: false,
  };
}

/** Takes over what the store has of the actor. Throws when the snapshot cannot be restored. */
export function hydrate(activation: Activation, stored: StoredActor, snapshot: AnyMachineSnapshot): void {
  activation.seq = stored.seq;
  activation.snapshot = snapshot;
  activation.quarantined = stored.quarantined;
  activation.timers = mapOf(stored.timers.map((timer) => [timer.timerId, timer.incarnation]));
  activation.effects = mapOf(stored.effects.map((effect) => [effect.childId, effect.id]));
  activation.stash = stored.stash;
}

export function mapOf<V>(entries: readonly (readonly [string, V])[]): ReadonlyMap<string, V> {
  return entries.length === 0 ? (NONE as ReadonlyMap<string, V>) : new Map(entries);
}

/** Whether the same durable thing already waits here; a second copy of it would be handled twice. */
export function alreadyQueued(activation: Activation, origin: Origin): boolean {
  return activation.system.some((queued) => sameOrigin(queued.origin, origin));
}

function sameOrigin(a: Origin, b: Origin): boolean {
  if (a.type === 'timer' && b.type === 'timer') return a.timerId === b.timerId && a.incarnation === b.incarnation;
  if (a.type === 'effect' && b.type === 'effect') return a.id === b.id;
  if (a.type === 'message' && b.type === 'message') return a.id === b.id;
  return false;
}

export const isIdle = (activation: Activation): boolean =>
  activation.phase === 'idle' && activation.system.length === 0 && activation.user.length === 0;
