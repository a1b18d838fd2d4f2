/**
 * What the runtime needs of a store. `persistence/commit` implements it on PostgreSQL. All of it throws a `BatonError` with
 * retry class `transient` and code `unavailable` while the store does not answer; the outcome of a write is then unknown.
 */
import type { StoredError } from '../errors.ts';
import type { ActorEvent, Address, LiveEvent, Operation, OperationStatus, PendingEvent, Projection } from './types.ts';

export interface StoredTimer {
  readonly address: Address;
  readonly timerId: string;
  /** The sequence number of the turn that set it; another incarnation of the same timer is another timer. */
  readonly incarnation: number;
  readonly event: ActorEvent;
  /** Until it is due, by the store's clock; negative when it is overdue. */
  readonly dueInMs: number;
}

export interface StoredEffect {
  /** `<address>:<seq>:<index>`. */
  readonly id: string;
  readonly childId: string;
  readonly name: string;
  readonly input: unknown;
  /** Until its deadline, by the store's clock; null without one. */
  readonly deadlineInMs: number | null;
}

export interface StoredMessage {
  readonly id: string;
  readonly sender: Address;
  readonly receiver: Address;
  readonly event: ActorEvent;
}

export interface StashedCommand {
  readonly operationId: string;
  readonly event: ActorEvent;
}

/** Everything that is stored of one actor. */
export interface StoredActor {
  readonly address: Address;
  readonly seq: number;
  readonly machineVersion: string;
  readonly snapshot: unknown;
  readonly quarantined: StoredError | null;
  readonly timers: readonly StoredTimer[];
  readonly effects: readonly StoredEffect[];
  readonly messages: readonly StoredMessage[];
  readonly stash: readonly StashedCommand[];
}

export interface ActorWithWork {
  readonly address: Address;
  readonly seq: number;
  /** Whether messages wait for it. */
  readonly messages: boolean;
}

export interface NewOperation {
  readonly id: string;
  readonly command: string;
  readonly accountId: string;
  readonly idempotencyKey: string | null;
  readonly fingerprint: string | null;
}

export interface EndedOperation {
  readonly id: string;
  readonly outcome: Exclude<OperationStatus, 'running'>;
  readonly message: string | null;
  readonly error: StoredError | null;
}

/** One turn, as it is written. It is written whole or not at all. */
export interface TurnCommit {
  readonly address: Address;
  readonly kind: string;
  readonly shard: number;
  /** The epoch under which this process owns the shard. */
  readonly epoch: number;
  /** The new sequence number; 1 makes the actor. The row must be at `seq - 1`. */
  readonly seq: number;
  readonly machineVersion: string;
  readonly status: string;
  /** The machine ended: the row, its timers, effects and stash are removed once this turn is journaled. */
  readonly ended: boolean;
  /** JSON text. */
  readonly snapshot: string;
  readonly event: string;
  readonly by: string | null;
  readonly from: string | null;
  readonly to: string;
  readonly operationId: string | null;
  /** From taking the message until the commit was handed over. */
  readonly computeMs: number;
  /** The durable message that this turn consumes. If it is no longer there, the turn is a duplicate and is not written. */
  readonly consumes: string | null;
  readonly timersSet: readonly { readonly timerId: string; readonly delayMs: number; readonly event: ActorEvent }[];
  readonly timersCancelled: readonly string[];
  readonly effectsStarted: readonly {
    readonly id: string;
    readonly childId: string;
    readonly name: string;
    readonly input: unknown;
    readonly deadlineMs: number | null;
  }[];
  readonly effectsEnded: readonly string[];
  readonly messages: readonly { readonly id: string; readonly receiver: Address; readonly event: ActorEvent }[];
  readonly operationBegun: NewOperation | null;
  /** The stashed command that this turn takes. */
  readonly unstashes: string | null;
  readonly operationsEnded: readonly EndedOperation[];
  readonly events: readonly PendingEvent[];
  readonly projections: readonly Projection[];
}

export type CommitResult =
  /** Written. `events` have their sequence numbers, `operations` are the rows that began or ended. */
  | { readonly ok: true; readonly events: readonly LiveEvent[]; readonly operations: readonly Operation[] }
  /** Somebody else wrote the actor, owns its shard, or the message had been consumed before. Nothing was written. */
  | { readonly ok: false; readonly reason: 'fenced' };

/** A type of message that means nothing to an actor of this kind that has ended. */
export interface Moot {
  readonly kind: string;
  readonly type: string;
}

/** An actor, and the epoch under which this process believes that it owns its shard. */
export interface OwnedActor {
  readonly address: Address;
  readonly shard: number;
  readonly epoch: number;
}

export interface CommitStore {
  /** Writes the turns of different actors in one transaction; one result for each, in order. */
  commit(turns: readonly TurnCommit[]): Promise<readonly CommitResult[]>;
  /** Loads actors, each with its oldest `messages` messages; those that are not there are missing in the answer. */
  load(addresses: readonly Address[], messages: number): Promise<readonly StoredActor[]>;
  /** Timers that are due, oldest first, and when the next one is (null: none). Quarantined actors' timers stay where they are. */
  dueTimers(limit: number): Promise<{ readonly due: readonly StoredTimer[]; readonly nextInMs: number | null }>;
  /** Actors that have effects, messages or stashed commands: what must be picked up again after a start or an outage. */
  actorsWithWork(): Promise<readonly ActorWithWork[]>;
  /**
   * Puts aside the messages whose receiver has not existed for so long; answers how many. Those that are moot to a receiver
   * that has ended are dropped.
   */
  deadLetterOrphans(afterMs: number, error: StoredError, moot: readonly Moot[]): Promise<number>;
  operation(id: string): Promise<Operation | null>;
  operationByKey(
    accountId: string,
    key: string,
  ): Promise<{ readonly operation: Operation; readonly fingerprint: string | null } | null>;
  /**
   * Keeps a command that waits for the running operation, with its operation's row. Null, and nothing is written, when the
   * shard is not ours any more: whoever owns it has the actor in memory and would not hear of it.
   */
  stash(owned: OwnedActor, operation: NewOperation, event: ActorEvent): Promise<Operation | null>;
  /** Shows how far a running operation is; writes a live event. An operation that has ended stays as it is. */
  progress(
    operationId: string,
    progress: number | null,
    message: string,
    event: PendingEvent,
  ): Promise<LiveEvent | null>;
  /** Puts a message aside that cannot be handled, and removes the message, timer or effect that it came from. */
  deadLetter(letter: NewDeadLetter): Promise<void>;
  /** Sets or clears the quarantine, with a live event. */
  quarantine(address: Address, error: StoredError | null, event: PendingEvent): Promise<LiveEvent>;
  /** Takes all shards for this process and returns their new epochs, by shard. Throws `database_in_use` while another holds them. */
  claimShards(owner: string, leaseMs: number): Promise<readonly number[]>;
  /** Keeps the lease. False when it was lost: another process, be it one of the same owner, has claimed the shards since. */
  renewShards(owner: string, epochs: readonly number[], leaseMs: number): Promise<boolean>;
  /** Gives back the shards that are still ours under these epochs. */
  releaseShards(owner: string, epochs: readonly number[]): Promise<void>;
}

export interface NewDeadLetter {
  readonly id: string;
  readonly address: Address;
  readonly event: ActorEvent;
  readonly error: StoredError;
  readonly attempts: number;
  readonly source:
    | { readonly type: 'message'; readonly id: string }
    | { readonly type: 'timer'; readonly timerId: string; readonly incarnation: number }
    | { readonly type: 'effect'; readonly id: string };
}
