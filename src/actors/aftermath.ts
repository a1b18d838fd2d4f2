import { type Activation, type Envelope, mapOf, plainEnvelope } from './activation.ts';
import type { EffectRunner } from './effects.ts';
import type { Inspection } from './inspection.ts';
import type { OperationWaiters } from './operations.ts';
import type { Ports } from './ports.ts';
import type { CommitResult, TurnCommit } from './store.ts';
import type { TimerService } from './timers.ts';
import type { ComputedTurn } from './turn.ts';
import type { Address } from './types.ts';

type Written = Extract<CommitResult, { ok: true }>;

export interface Aftermath {
  /** What follows from a turn that was written. `durationMs`: since its message was taken. */
  apply(activation: Activation, envelope: Envelope, turn: ComputedTurn, written: Written, durationMs: number): void;
}

export interface AftermathParts {
  readonly ports: Ports;
  readonly effects: EffectRunner;
  readonly timers: TimerService;
  readonly inspection: Inspection;
  readonly waiters: OperationWaiters;
  readonly deliver: (address: Address, envelope: Envelope) => void;
}

/** After the commit, and only then: effects run, messages go out, timers are expected, askers and listeners are told. */
export function createAftermath(parts: AftermathParts): Aftermath {
  const { ports, effects, timers, inspection, waiters, deliver } = parts;

  function act({ address, kind }: Activation, commit: TurnCommit): void {
    for (const id of commit.effectsEnded) effects.stop(id);
    for (const { deadlineMs, ...effect } of commit.effectsStarted) {
      effects.start(address, kind, { ...effect, deadlineInMs: deadlineMs });
    }
    for (const { delayMs } of commit.timersSet) timers.expect(delayMs);
    for (const { id, receiver, event } of commit.messages) {
      deliver(receiver, plainEnvelope(event, { type: 'message', id }, address));
    }
  }

  function show(commit: TurnCommit, { events }: Written, durationMs: number): void {
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
    inspection.events(events);
  }

  return {
    apply(activation, envelope, { commit, step, reply }, written, durationMs) {
      advance(activation, envelope, commit);
      activation.snapshot = step.snapshot;
      inspection.state({
        address: commit.address,
        seq: commit.seq,
        snapshot: commit.ended ? null : step.snapshot,
      });
      act(activation, commit);
      for (const operation of written.operations) if (operation.status !== 'running') waiters.ended(operation);
      const operation = written.operations.find(({ id }) => id === envelope.operation?.id) ?? null;
      envelope.settle?.done({ reply, operation });
      show(commit, written, durationMs);
    },
  };
}

/** Brings the activation to where the store is now. */
function advance(activation: Activation, { origin }: Envelope, commit: TurnCommit): void {
  activation.seq = commit.seq;
  if (commit.effectsEnded.length + commit.effectsStarted.length > 0) {
    const ended = new Set(commit.effectsEnded);
    activation.effects = mapOf([
      ...[...activation.effects].filter(([, id]) => !ended.has(id)),
      ...commit.effectsStarted.map(({ childId, id }) => [childId, id] as const),
    ]);
  }
  if (commit.timersCancelled.length + commit.timersSet.length > 0) {
    const cancelled = new Set(commit.timersCancelled);
    activation.timers = mapOf([
      ...[...activation.timers].filter(([id]) => !cancelled.has(id)),
      ...commit.timersSet.map(({ timerId }) => [timerId, commit.seq] as const),
    ]);
  }
  if (commit.unstashes !== null) {
    activation.stash = activation.stash.filter(({ operationId }) => operationId !== commit.unstashes);
  }
  // Messages may have been waiting for the actor to come into being.
  if (origin.type === 'create') activation.unread = true;
}
