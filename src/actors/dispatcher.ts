import { BatonError } from '../errors.ts';
import { type Activation, alreadyQueued, type Envelope, mapOf } from './activation.ts';
import { type Committed, type Committer, isUnavailable } from './committer.ts';
import type { EffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import type { Inspection } from './inspection.ts';
import type { RuntimeLimits } from './limits.ts';
import type { OperationWaiters } from './operations.ts';
import type { Ports } from './ports.ts';
import type { Residents } from './residents.ts';
import type { CommitResult, TurnCommit } from './store.ts';
import type { Supervisor } from './supervisor.ts';
import type { TimerService } from './timers.ts';
import { computeTurn, refusal, type TurnOutcome } from './turn.ts';
import type { Address, Operation } from './types.ts';

export interface Dispatcher {
  /** Puts a message into an actor's mailbox, activating the actor if need be. Settles the asker in every case. */
  deliver(address: Address, envelope: Envelope): void;
  /** Handles what waits in a mailbox that has just become ready. */
  drain(activation: Activation): void;
  /** Resolves when no turn is being written. */
  idle(): Promise<void>;
}

export interface DispatcherParts {
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  readonly residents: Residents;
  readonly committer: Committer;
  readonly effects: EffectRunner;
  readonly timers: TimerService;
  readonly supervisor: Supervisor;
  readonly inspection: Inspection;
  readonly waiters: OperationWaiters;
  /** The epoch under which we own a shard. */
  readonly epoch: (shard: number) => number;
  /** The store did not answer; what it was asked to do is picked up again once it does. */
  readonly outage: (error: unknown) => void;
  /** Stores a command that waits for the running operation. */
  readonly stash: (activation: Activation, envelope: Envelope) => Promise<Operation>;
}

type TurnReady = Extract<TurnOutcome, { type: 'turn' }>;

/** Runs turns: one at a time for each actor, system messages first, the next one only after the last is committed. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  const { ports, limits, residents, committer, effects, timers, supervisor, inspection, waiters } = parts;

  function deliver(address: Address, envelope: Envelope): void {
    const activation = residents.activate(address);
    if (activation instanceof BatonError) return void envelope.settle?.failed(activation);
    if (activation.quarantined !== null) return refuse(envelope, supervisor.quarantinedError(activation));
    if (isSystem(envelope)) {
      if (alreadyQueued(activation, envelope.origin)) return;
      // Stored messages wait in the store when the mailbox is full; the others cannot be many.
      if (activation.system.length >= limits.mailboxDepth) activation.overflowed = true;
      else activation.system.push(envelope);
    } else if (activation.user.length >= limits.mailboxDepth) {
      return refuse(envelope, errors.mailbox_full({ kind: activation.kind.kind, retry_after: 1 }));
    } else {
      activation.user.push(envelope);
    }
    if (activation.phase === 'idle') drain(activation);
  }

  function drain(activation: Activation): void {
    while (activation.phase === 'idle') {
      const envelope = activation.system.shift() ?? takeStashed(activation) ?? activation.user.shift();
      if (envelope === undefined) {
        if (activation.overflowed) residents.reload(activation);
        return;
      }
      handle(activation, envelope);
    }
  }

  function handle(activation: Activation, envelope: Envelope): void {
    const began = ports.clock.monotonic();
    let outcome: TurnOutcome;
    try {
      outcome = computeTurn(activation, envelope, {
        now: ports.clock.now(),
        epoch: parts.epoch(activation.shard),
        limits,
        machineVersion: String(activation.kind.machine.version ?? '0'),
      });
    } catch (thrown) {
      return supervisor.failed(activation, envelope, thrown, () => drain(activation));
    }
    if (outcome.type === 'turn') return write(activation, envelope, outcome, began);
    if (outcome.type === 'refused') return refuse(envelope, outcome.error);
    if (outcome.type === 'stashed') return void stash(activation, envelope);
    if (envelope.origin.type === 'effect') effects.forget(envelope.origin.id);
    envelope.settle?.done({ reply: undefined, operation: null });
  }

  async function stash(activation: Activation, envelope: Envelope): Promise<void> {
    if (activation.stash.length >= limits.stashDepth) {
      return refuse(envelope, errors.stash_full({ depth: limits.stashDepth, retry_after: 5 }));
    }
    activation.phase = 'committing';
    try {
      const operation = await parts.stash(activation, envelope);
      envelope.settle?.done({ reply: undefined, operation });
      activation.stash = [...activation.stash, { operationId: operation.id, event: envelope.event }];
    } catch (error) {
      if (isUnavailable(error)) parts.outage(error);
      refuse(envelope, error instanceof BatonError ? error : refusal(activation, envelope.event));
    }
    if (phaseOf(activation) !== 'committing') return;
    activation.phase = 'idle';
    drain(activation);
  }

  function write(activation: Activation, envelope: Envelope, turn: TurnReady, began: number): void {
    activation.phase = 'committing';
    const commit: TurnCommit = { ...turn.commit, computeMs: ports.clock.monotonic() - began };
    const committed: Committed = (result) => {
      if (activation.phase === 'dropped') return void settle(envelope, result, turn);
      if (!result.ok) return lost(activation, envelope, result);
      apply(activation, turn, result);
      settle(envelope, result, turn);
      show(turn.commit, result, ports.clock.monotonic() - began);
      activation.phase = 'idle';
      if (turn.step.ended) residents.drop(activation, errors.not_found(refOf(activation)));
      else drain(activation);
    };
    committer.commit(commit, committed);
  }

  /** The turn was not written, or nobody knows whether it was: what we hold of the actor is worth nothing now. */
  function lost(activation: Activation, envelope: Envelope, result: Exclude<Parameters<Committed>[0], { ok: true }>) {
    if (result.reason === 'fenced') {
      const fenced =
        envelope.origin.type === 'create'
          ? errors.conflict({ reason: `${activation.address} exists already.` })
          : errors.fenced({ kind: activation.kind.kind });
      refuse(envelope, fenced);
      return residents.reload(activation);
    }
    if (isUnavailable(result.error)) {
      refuse(envelope, result.error as BatonError);
      residents.drop(activation, result.error as BatonError);
      return parts.outage(result.error);
    }
    activation.phase = 'idle';
    supervisor.failed(activation, envelope, result.error, () => drain(activation));
  }

  /** After the commit, and only then: effects run, messages go out, timers are expected. */
  function apply(activation: Activation, { commit, step }: TurnReady, result: Extract<CommitResult, { ok: true }>) {
    const { address, kind } = activation;
    activation.seq = commit.seq;
    activation.snapshot = step.snapshot;
    const ended = new Set(commit.effectsEnded);
    activation.effects = mapOf([
      ...[...activation.effects].filter(([, id]) => !ended.has(id)),
      ...commit.effectsStarted.map(({ childId, id }) => [childId, id] as const),
    ]);
    const cancelled = new Set(commit.timersCancelled);
    activation.timers = mapOf([
      ...[...activation.timers].filter(([id]) => !cancelled.has(id)),
      ...commit.timersSet.map(({ timerId }) => [timerId, commit.seq] as const),
    ]);
    for (const id of ended) effects.stop(id);
    for (const { deadlineMs, ...effect } of commit.effectsStarted) {
      effects.start(address, kind, { ...effect, deadlineInMs: deadlineMs });
    }
    for (const { delayMs } of commit.timersSet) timers.expect(delayMs);
    for (const operation of result.operations) if (operation.status !== 'running') waiters.ended(operation);
    for (const { id, receiver, event } of commit.messages) {
      deliver(receiver, {
        event,
        origin: { type: 'message', id },
        by: address,
        operation: null,
        settle: null,
        attempts: 0,
      });
    }
  }

  function settle(envelope: Envelope, result: Parameters<Committed>[0], turn: TurnReady): void {
    if (!result.ok) {
      refuse(envelope, errors.fenced({ kind: turn.commit.kind }));
      return;
    }
    if (envelope.origin.type === 'effect') effects.forget(envelope.origin.id);
    const operation = result.operations.find(({ id }) => id === envelope.operation?.id) ?? null;
    envelope.settle?.done({ reply: turn.reply, operation });
  }

  function show(commit: TurnCommit, result: Extract<CommitResult, { ok: true }>, durationMs: number): void {
    inspection.turn({
      address: commit.address,
      seq: commit.seq,
      event: commit.event,
      by: commit.by,
      from: commit.from,
      to: commit.to,
      operationId: commit.operationId,
      effects: commit.effectsStarted.map(({ name }) => name),
      at: new Date(ports.clock.now()),
      durationMs,
    });
    inspection.events(result.events);
  }

  return { deliver, drain, idle: () => committer.idle() };
}

/** The oldest command that waited for an operation to end, if none is running. */
function takeStashed(activation: Activation): Envelope | undefined {
  const [next, ...rest] = activation.stash;
  const { snapshot, kind } = activation;
  if (next === undefined || snapshot === null || kind.operation(snapshot) !== null) return undefined;
  activation.stash = rest;
  const { operationId: id, event } = next;
  return {
    event,
    origin: { type: 'stash', operationId: id },
    by: null,
    operation: { id, command: event.type, accountId: '', idempotencyKey: null, fingerprint: null },
    settle: null,
    attempts: 0,
  };
}

const isSystem = ({ origin }: Envelope): boolean =>
  origin.type === 'timer' || origin.type === 'effect' || origin.type === 'message';

const refuse = (envelope: Envelope, error: BatonError): void => envelope.settle?.failed(error);

/** Reads the phase anew: TypeScript does not know that it may have changed while we waited. */
const phaseOf = (activation: Activation): Activation['phase'] => activation.phase;

const refOf = ({ address }: Activation) => {
  const [kind = '', id = ''] = address.split(/\/(.*)/s);
  return { kind, id };
};
