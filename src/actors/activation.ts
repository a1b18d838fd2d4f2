import type { AnyMachineSnapshot } from 'xstate';
import type { BatonError, StoredError } from '../errors.ts';
import { shardOf } from './address.ts';
import type { InstalledKind } from './kinds.ts';
import type { NewOperation, StashedCommand, StoredActor } from './store.ts';
import type { ActorEvent, Address, Operation } from './types.ts';

/** Where a message came from; says what its turn must remove from the store. */
export type Origin =
  | { readonly type: 'create' }
  | {
      readonly type: 'command';
      readonly ifBusy: 'refuse' | 'queue';
      readonly ifSeq: number | null;
      readonly cancels: string | null;
    }
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
export interface Activation extends InstalledKind {
  readonly address: Address;
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
  /** How many have overtaken the first of `user` since one of them was handled. */
  overtaken: number;
  /**
   * Durable messages may wait in the store that are not in the mailbox. Until they were read, no later one may enter it,
   * because it would overtake them.
   */
  unread: boolean;
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

export function createActivation(address: Address, { kind, interpreter, version }: InstalledKind): Activation {
  return {
    address,
    kind,
    interpreter,
    version,
    shard: shardOf(address),
    phase: 'loading',
    seq: 0,
    snapshot: null,
    quarantined: null,
    timers: NONE,
    effects: NONE,
    stash: [],
    system: [],
    user: [],
    overtaken: 0,
    unread: false,
  };
}

/** Takes over what the store has of the actor, but for its state, which may be unusable. */
export function hydrate(activation: Activation, stored: StoredActor): void {
  activation.seq = stored.seq;
  activation.quarantined = stored.quarantined;
  activation.timers = mapOf(stored.timers.map((timer) => [timer.timerId, timer.incarnation]));
  activation.effects = mapOf(stored.effects.map((effect) => [effect.childId, effect.id]));
  activation.stash = stored.stash;
}

export function mapOf<V>(entries: readonly (readonly [string, V])[]): ReadonlyMap<string, V> {
  return entries.length === 0 ? (NONE as ReadonlyMap<string, V>) : new Map(entries);
}

/** A message that nobody waits for the answer to. */
export const plainEnvelope = (event: ActorEvent, origin: Origin, by: string | null = null): Envelope => ({
  event,
  origin,
  by,
  operation: null,
  settle: null,
  attempts: 0,
});

export const isIdle = ({ phase, system, user }: Activation): boolean =>
  phase === 'idle' && system.length === 0 && user.length === 0;

/** The phase as it is now: TypeScript does not know that it may have changed while we waited. */
export const phaseOf = (activation: Activation): Activation['phase'] => activation.phase;
