/**
 * The words of the actor runtime. It knows nothing of games, nodes or Docker: a kind brings its statechart, its effects
 * and its projection.
 */
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { BatonError, StoredError } from '../errors.ts';
import type { OperationOutcome, OperationRef } from './verbs.ts';

/** `kind/id`. */
export type Address = `${string}/${string}`;

/** Any event: a name and JSON. */
export interface ActorEvent {
  readonly type: string;
  readonly [key: string]: unknown;
}

export type OperationStatus = 'running' | OperationOutcome;

export interface Operation {
  readonly id: string;
  readonly command: string;
  readonly target: Address;
  readonly accountId: string;
  readonly status: OperationStatus;
  /** 0 to 1, or null while unknown. */
  readonly progress: number | null;
  readonly message: string | null;
  readonly error: StoredError | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** Who asks, for journal, ownership and idempotency. */
export interface Principal {
  readonly accountId: string;
  /** Shown in the journal, such as `admin` or `system`. */
  readonly name: string;
  readonly admin: boolean;
}

/** What an effect's function is given. */
export interface EffectContext {
  /** `<address>:<seq>:<index>`; the same on each retry and after a restart. Use it to make twice be once. */
  readonly id: string;
  readonly address: Address;
  /** 1 for the first try in this process. */
  readonly attempt: number;
  /** Aborts when the machine leaves the state that asked, at the deadline, or when the process stops. */
  readonly signal: AbortSignal;
  /** Shows how far it is: on the operation that runs, and as a live event. Cheap; call it as often as you like. */
  progress(fraction: number | null, message: string): void;
  /** Sends the actor an event that need not survive a crash, such as an observation. */
  send(event: ActorEvent): void;
}

export type EffectFunction<I = never, O = unknown> = (input: I, context: EffectContext) => Promise<O>;

export interface EffectSpec {
  readonly run: EffectFunction;
  /** From the commit that started it until it is aborted with `deadline_exceeded`; null for one that lives with its state. */
  readonly deadlineMs: number | null | ((input: never) => number);
  /** Tries for transient errors before the error is given to the machine. */
  readonly attempts: number;
  /**
   * How much later the deadline is than the machine's own. No try begins then, so that the machine hears why it failed and not
   * only that time is up. Absent: 0.
   */
  readonly marginMs?: number;
}

/** A live event before it has a sequence number. */
export interface PendingEvent {
  readonly type: string;
  readonly subject: { readonly kind: string; readonly id: string };
  /** Whose it is; null for events of the fleet. */
  readonly ownerId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LiveEvent extends PendingEvent {
  readonly seq: number;
  readonly at: Date;
}

/** A row of a read model, written in the same commit as the snapshot. `name` chooses the statement in `persistence`. */
export interface Projection {
  readonly name: string;
  /** Columns in camelCase; null removes the row. */
  readonly row: Readonly<Record<string, unknown>> | null;
}

/** A kind of actor. All functions are pure. */
export interface ActorKind {
  readonly kind: string;
  readonly machine: AnyStateMachine;
  /** Brings a snapshot that an older version of the machine stored up to date; absent: such a snapshot is refused. */
  readonly migrate?: (snapshot: unknown, fromVersion: string) => unknown;
  /** Commands that may be asked of it, for `allowed` and the API. */
  readonly commands: readonly string[];
  readonly effects: Readonly<Record<string, EffectSpec>>;
  /**
   * Types of messages that mean nothing to an actor of this kind once it has ended, such as news of where it was. They are
   * dropped then. Any other message to it is put aside as a dead letter, and so is each to an actor that there never was.
   */
  readonly moot?: readonly string[];
  /** The top state and the inner one. */
  status(snapshot: AnyMachineSnapshot): { readonly status: string; readonly detail: string | null };
  operation(snapshot: AnyMachineSnapshot): OperationRef | null;
  ownerId(snapshot: AnyMachineSnapshot): string | null;
  /** A better reason for a refusal than `invalid_transition`, if there is one. */
  refusal?(snapshot: AnyMachineSnapshot, event: ActorEvent): BatonError | undefined;
  /**
   * The rows that a turn changes. What it leaves out stays as the turns before have left it.
   * @param before null when the turn makes the actor
   */
  projections?(after: AnyMachineSnapshot, before: AnyMachineSnapshot | null): readonly Projection[];
  events?(
    before: AnyMachineSnapshot | undefined,
    after: AnyMachineSnapshot,
    event: ActorEvent,
  ): readonly PendingEvent[];
}

/** One committed turn, as inspection shows it. */
export interface Turn {
  readonly address: Address;
  readonly seq: number;
  readonly event: string;
  readonly by: string | null;
  readonly from: string | null;
  readonly to: string;
  readonly operationId: string | null;
  readonly effects: readonly string[];
  readonly at: Date;
  /** From taking the message to the commit's end. */
  readonly durationMs: number;
}

export interface AskOptions {
  readonly by?: Principal;
  /** How long to wait for the commit; afterwards the outcome is unknown, not failed. */
  readonly timeoutMs?: number;
}

export interface CommandOptions extends AskOptions {
  readonly by: Principal;
  readonly idempotencyKey?: string;
  /** A hash of the request; the same key with another fingerprint is a `conflict`. */
  readonly fingerprint?: string;
  /** Refuse with `precondition_failed` unless the actor is at this sequence number. */
  readonly ifSeq?: number;
  /** Wait in the stash when an operation is running, instead of being refused. */
  readonly ifBusy?: 'refuse' | 'queue';
  /** Asked first, unless the key was used before and its operation is the answer. What it throws is the refusal. */
  readonly check?: () => Promise<void>;
  /** The command cancels this operation: while that still waits in the stash it ends there, and the machine is not asked. */
  readonly cancels?: string;
}

/** What an actor looks like right now, for the API and the visualizer. */
export interface ActorView {
  readonly address: Address;
  readonly seq: number;
  readonly machineVersion: string;
  readonly resident: boolean;
  readonly quarantined: StoredError | null;
  readonly state: unknown;
  readonly context: unknown;
  readonly allowed: readonly string[];
  readonly timers: readonly { readonly id: string; readonly dueAt: Date }[];
  readonly effects: readonly { readonly id: string; readonly name: string; readonly deadlineAt: Date | null }[];
  readonly mailbox: number;
  readonly stash: readonly string[];
}

/** The runtime, as the conductor and the door use it. */
export interface Actors {
  /** Makes a new actor and starts an operation on it. The same idempotency key gives the first one's operation. */
  create(
    address: Address,
    input: Record<string, unknown>,
    command: string,
    options: CommandOptions,
  ): Promise<Operation>;
  /** Has an actor take a command. Returns once the turn is committed; throws the refusal. */
  command(address: Address, event: ActorEvent, options: CommandOptions): Promise<Operation>;
  /** Sends an event and returns what the turn replied (undefined without reply), once it is committed. */
  ask(address: Address, event: ActorEvent, options?: AskOptions): Promise<unknown>;
  /** Sends an event that need not survive a crash. Never throws; a full mailbox drops it. */
  send(address: Address, event: ActorEvent): void;
  /** Has an actor handle a dead letter's event again, also one that only the runtime may send. Throws what it throws. */
  redeliver(address: Address, event: ActorEvent): Promise<void>;
  view(address: Address): Promise<ActorView>;
  /** Resolves when the operation has ended or the time is up, with the operation as it then is. */
  waitFor(operationId: string, timeoutMs: number): Promise<Operation>;
  resume(address: Address, by: Principal): Promise<void>;
}
