import { BatonError, storedError } from '../errors.ts';
import { type Activation, type Envelope, phaseOf } from './activation.ts';
import type { Aftermath } from './aftermath.ts';
import { type Committer, isUnavailable } from './committer.ts';
import type { EffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import { refOf } from './kinds.ts';
import type { RuntimeLimits } from './limits.ts';
import { dequeue, empty, enqueue } from './mailbox.ts';
import type { Ports } from './ports.ts';
import type { Residents } from './residents.ts';
import type { CommitResult, CommitStore, NewOperation } from './store.ts';
import { internalError, type Supervisor } from './supervisor.ts';
import { type ComputedTurn, computeFailedStash, computeTurn, type TurnOutcome } from './turn.ts';
import type { Address } from './types.ts';
import type { Underway } from './underway.ts';

export interface Dispatcher {
  /** Puts a message into an actor's mailbox, activating the actor if need be. Settles the asker in every case. */
  deliver(address: Address, envelope: Envelope): void;
  /** Handles what waits in a mailbox that has just become ready. */
  drain(activation: Activation): void;
}

export interface DispatcherParts {
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  readonly store: Pick<CommitStore, 'stash'>;
  readonly residents: Residents;
  readonly committer: Committer;
  readonly effects: EffectRunner;
  readonly supervisor: Supervisor;
  readonly aftermath: Aftermath;
  readonly underway: Underway;
  /** The epoch under which we own a shard. */
  readonly epoch: (shard: number) => number;
  /** Somebody else wrote an actor of ours: it must be found out whether the shards are still ours. */
  readonly fenced: () => void;
  /** The store did not answer: what we hold of the actor is worth nothing now. */
  readonly unreachable: (activation: Activation, error: unknown) => void;
}

/** Runs turns: one at a time for each actor, system messages first, the next one only after the last is committed. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { ports, limits, residents, supervisor, aftermath } = parts;

  function deliver(address: Address, envelope: Envelope): void {
    const activation = residents.activate(address);
    if (activation instanceof BatonError) return refuse(envelope, activation);
    if (activation.quarantined !== null) return refuse(envelope, supervisor.quarantinedError(activation));
    const full = enqueue(activation, envelope, limits.mailboxDepth);
    if (full !== null) return refuse(envelope, full);
    if (activation.phase === 'idle') drain(activation);
  }

  function drain(activation: Activation): void {
    while (activation.phase === 'idle') {
      if (activation.quarantined !== null) return empty(activation, supervisor.quarantinedError(activation));
      const envelope = dequeue(activation);
      if (envelope === undefined) {
        if (activation.unread) residents.reload(activation);
        else residents.trim();
        return;
      }
      attempt(activation, envelope, computeTurn);
    }
  }

  function attempt(activation: Activation, envelope: Envelope, compute: typeof computeTurn): void {
    const began = ports.clock.monotonic();
    let outcome: TurnOutcome;
    try {
      outcome = compute(activation, envelope, { now: ports.clock.now(), epoch: parts.epoch(activation.shard), limits });
    } catch (thrown) {
      return failed(activation, envelope, thrown);
    }
    if (outcome.type === 'turn') return write(activation, envelope, outcome, began);
    if (outcome.type === 'refused') return refuse(envelope, outcome.error);
    if (outcome.type === 'stashed') return stash(activation, envelope, outcome.operation);
    if (envelope.origin.type === 'effect') parts.effects.stop(envelope.origin.id);
    envelope.settle?.done({ reply: undefined, operation: null });
  }

  function failed(activation: Activation, envelope: Envelope, thrown: unknown): void {
    const recording = supervisor.failed(activation, envelope, thrown);
    if (recording === null) return endStashed(activation, envelope, thrown);
    hold(activation, recording, () => endStashed(activation, envelope, thrown));
  }

  /** The operation of a stashed command must end even when its turn cannot be computed or written. */
  function endStashed(activation: Activation, envelope: Envelope, thrown: unknown): void {
    if (envelope.origin.type !== 'stash' || envelope.attempts > 1 || activation.quarantined !== null) return;
    const error = storedError(internalError(thrown));
    attempt(activation, envelope, (...turn) => computeFailedStash(...turn, error));
  }

  function stash(activation: Activation, envelope: Envelope, operation: NewOperation): void {
    if (activation.stash.length >= limits.stashDepth) {
      return refuse(envelope, errors.stash_full({ depth: limits.stashDepth, retry_after: 5 }));
    }
    const { address, shard } = activation;
    const { event } = envelope;
    const stashing = parts.store.stash({ address, shard, epoch: parts.epoch(shard) }, operation, event).then(
      (begun) => {
        if (begun === null) return fenced(activation, envelope, errors.fenced({ kind: activation.kind.kind }));
        activation.stash = [...activation.stash, { operationId: begun.id, event }];
        envelope.settle?.done({ reply: undefined, operation: begun });
      },
      (error: unknown) => {
        refuse(envelope, internalError(error));
        if (isUnavailable(error)) throw error;
      },
    );
    hold(activation, stashing);
  }

  /** Lets nothing else happen to an actor while something is written about it outside of a turn. */
  function hold(activation: Activation, writing: Promise<void>, next: () => void = () => {}): void {
    activation.phase = 'committing';
    const done = writing.then(
      () => {
        if (phaseOf(activation) !== 'committing') return;
        activation.phase = 'idle';
        next();
        drain(activation);
      },
      (error: unknown) => parts.unreachable(activation, error),
    );
    parts.underway.track(done);
  }

  function write(activation: Activation, envelope: Envelope, turn: ComputedTurn, began: number): void {
    activation.phase = 'committing';
    const commit = { ...turn.commit, computeMs: ports.clock.monotonic() - began };
    parts.committer.commit(commit, (outcome) => {
      if (!outcome.ok) return lost(activation, envelope, outcome);
      aftermath.apply(activation, envelope, turn, outcome, ports.clock.monotonic() - began);
      if (phaseOf(activation) !== 'committing') return;
      activation.phase = 'idle';
      if (turn.step.ended) residents.drop(activation, errors.not_found(refOf(activation.address)));
      else drain(activation);
    });
  }

  /** The turn was not written, or nobody knows whether it was. */
  function lost(activation: Activation, envelope: Envelope, outcome: Lost): void {
    if (outcome.reason === 'fenced') {
      const exists = envelope.origin.type === 'create';
      const reason = `${activation.address} exists already.`;
      const { kind } = activation.kind;
      return fenced(activation, envelope, exists ? errors.conflict({ reason }) : errors.fenced({ kind }));
    }
    if (isUnavailable(outcome.error)) {
      refuse(envelope, internalError(outcome.error));
      return parts.unreachable(activation, outcome.error);
    }
    if (phaseOf(activation) !== 'committing') return refuse(envelope, internalError(outcome.error));
    activation.phase = 'idle';
    failed(activation, envelope, outcome.error);
    drain(activation);
  }

  /** Somebody else has written the actor, or owns its shard. */
  function fenced(activation: Activation, envelope: Envelope, error: BatonError): void {
    refuse(envelope, error);
    parts.fenced();
    residents.reload(activation);
  }

  return { deliver, drain };
}

type Lost = Exclude<CommitResult, { ok: true }> | { readonly ok: false; readonly reason: 'error'; error: unknown };

const refuse = ({ settle }: Envelope, error: BatonError): void => settle?.failed(error);
