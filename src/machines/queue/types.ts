/** The words of the queue's statechart: who waits for room, and what it is told. */
import type { OperationRef, Stamped } from '../../actors/verbs.ts';
import type { Resources } from '../../planner/fit.ts';
import type { ServerSpec } from '../server/types.ts';

/** A server that waits, as it says itself. Times are Unix milliseconds. */
export interface Waiting {
  readonly serverId: string;
  readonly ownerId: string;
  readonly name: string;
  /** Its priority class. */
  readonly plan: ServerSpec['plan'];
  readonly demand: Resources;
  /** The one node that may take it, because its world is there; null for any. */
  readonly only: string | null;
  readonly avoid: readonly string[];
  readonly queuedAt: number;
  /** When it fails with `no_capacity`, if nothing comes before. */
  readonly givesUpAt: number;
  readonly attempt: number;
  readonly nextAttemptAt: number | null;
  /** Why it was not placed, as a sentence. */
  readonly reason: string | null;
}

/** Room that is kept for a server until it has come for it. */
export interface Offer {
  readonly nodeId: string;
  readonly until: number;
}

export interface QueueEntry extends Waiting {
  /** How many that stood behind it were placed where it might have been. */
  readonly overtaken: number;
  /** The node that takes nobody else until this server has its place; null while it may be overtaken. */
  readonly heldOn: string | null;
  readonly offer: Offer | null;
  /** An offer came to nothing, because the picture was old: until then it gets no other. */
  readonly restsUntil: number | null;
}

export interface QueueContext {
  readonly operation: OperationRef | null;
  /** In the order in which they came. */
  readonly entries: readonly QueueEntry[];
  /** When the last of them got their places: what an estimate rests on. */
  readonly placedAt: readonly number[];
  /** Something changed while it was being matched. */
  readonly again: boolean;
}

export interface QueueInput {
  readonly operation?: OperationRef;
}

export type QueueEvent =
  /** The process has started, and does not know yet what is on its nodes. */
  | (Stamped & { type: 'boot' })
  /** Every node's inventory was read. */
  | (Stamped & { type: 'open' })
  /** From a server that found no room, also when it waits already. */
  | (Stamped & { type: 'enter'; entry: Waiting })
  /** From a server that waits no more. */
  | (Stamped & { type: 'leave'; serverId: string; placed: boolean })
  /** A hint that there may be room; what it misses, the next look finds. */
  | (Stamped & { type: 'room' });

/** Which node a server is offered, or held. */
export interface Assignment {
  readonly serverId: string;
  readonly nodeId: string;
}

export interface QueueEffects {
  /**
   * Looks through everybody who waits, in order, for those whom the fleet has room for now. `more` when there were more than
   * are told in one turn. Those to be `held` must not be overtaken any more; absent ones may.
   */
  match: {
    input: Record<string, never>;
    output: { offers: readonly Assignment[]; held: readonly Assignment[]; more: boolean };
  };
}
