import { BatonError, storedError } from '../errors.ts';
import { type Activation, type Envelope, mapOf } from './activation.ts';
import { isUnavailable } from './committer.ts';
import type { EffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import type { Inspection } from './inspection.ts';
import { createIntensity } from './intensity.ts';
import { refOf } from './kinds.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Ports } from './ports.ts';
import type { CommitStore, NewDeadLetter } from './store.ts';
import type { Address, PendingEvent } from './types.ts';

export interface Supervisor {
  /**
   * A message made its handler throw. The actor stays at its last commit. Returns null when it may go on at once, else what
   * must be recorded first; that rejects only when the store does not answer.
   */
  failed(activation: Activation, envelope: Envelope, thrown: unknown): Promise<void> | null;
  /** The stored state of an actor cannot be used: its rows stay, and a person sees it. Rejects as `failed` does. */
  setAside(activation: Activation, thrown: unknown): Promise<void>;
  quarantinedError(activation: Activation): BatonError;
  /** Forgets past failures, when an operator resumes the actor. */
  forgive(address: Address): void;
}

export interface SupervisorParts {
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  readonly store: Pick<CommitStore, 'deadLetter' | 'quarantine'>;
  readonly effects: EffectRunner;
  readonly inspection: Inspection;
  readonly report: (message: string, details: Record<string, unknown>) => void;
}

/**
 * What happens to a message that cannot be handled: a stored one is tried again up to the limit and then put aside as a
 * dead letter; an asker is told at once. An actor that fails more often than its intensity allows is quarantined.
 */
export function createSupervisor({ ports, limits, store, effects, inspection, report }: SupervisorParts): Supervisor {
  const intensity = createIntensity(ports.clock, limits.failureBurst, limits.failuresForgivenPerMinute);

  async function putAside(activation: Activation, letter: NewDeadLetter): Promise<void> {
    await store.deadLetter(letter);
    forgetSource(activation, letter.source);
    if (letter.source.type === 'effect') effects.stop(letter.source.id);
    report('A message was put aside as a dead letter.', { address: activation.address, error: letter.error });
  }

  async function quarantine(activation: Activation, thrown: unknown): Promise<void> {
    const error = storedError(thrown);
    activation.quarantined = error;
    report('An actor is quarantined.', { address: activation.address, error });
    const event = quarantineEvent(activation, 'actor.quarantined', { error });
    inspection.events([await store.quarantine(activation.address, error, event)]);
  }

  /** Takes the steps one after the other. A step that fails is reported: there is nobody else to tell. */
  async function record(activation: Activation, steps: readonly (() => Promise<void>)[]): Promise<void> {
    try {
      for (const step of steps) await step();
    } catch (error) {
      if (isUnavailable(error)) throw error;
      report('A failure could not be recorded.', { address: activation.address, error: storedError(error) });
    }
  }

  return {
    failed(activation, envelope, thrown) {
      const { address } = activation;
      report('A message could not be handled.', { address, event: envelope.event.type, error: storedError(thrown) });
      envelope.settle?.failed(internalError(thrown));
      envelope.attempts += 1;
      const steps: (() => Promise<void>)[] = [];
      const source = sourceOf(envelope);
      if (source !== null && envelope.attempts < limits.deliveryAttempts) activation.system.unshift(envelope);
      else if (source !== null) {
        const { event, attempts } = envelope;
        const letter = { id: ports.id(), address, event, error: storedError(thrown), attempts, source };
        steps.push(() => putAside(activation, letter));
      }
      if (intensity.exceeded(address)) steps.push(() => quarantine(activation, thrown));
      return steps.length === 0 ? null : record(activation, steps);
    },
    setAside: (activation, thrown) => record(activation, [() => quarantine(activation, thrown)]),
    quarantinedError: ({ kind, quarantined }) =>
      errors.quarantined({ kind: kind.kind, reason: quarantined?.message ?? '' }),
    forgive: (address) => intensity.forgive(address),
  };
}

/** A defect's message is for the log and the dead letter; who asked learns only that it was ours. */
export function internalError(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const message = 'Baton failed to handle this. Nothing was changed.';
  return new BatonError('internal', { status: 500, retry: 'permanent', message }, {}, { cause: thrown });
}

/** The live event of an actor that is set aside or taken back. */
export function quarantineEvent(
  { address, kind, snapshot }: Pick<Activation, 'address' | 'kind' | 'snapshot'>,
  type: string,
  data: Record<string, unknown>,
): PendingEvent {
  const ownerId = snapshot === null ? null : kind.ownerId(snapshot);
  return { type, subject: refOf(address), ownerId, data };
}

function sourceOf({ origin }: Envelope): NewDeadLetter['source'] | null {
  switch (origin.type) {
    case 'message':
      return { type: 'message', id: origin.id };
    case 'timer':
      return { type: 'timer', timerId: origin.timerId, incarnation: origin.incarnation };
    case 'effect':
      return { type: 'effect', id: origin.id };
    default:
      return null;
  }
}

/** The store has removed the timer or effect with the dead letter; the activation must not wait for it any longer. */
function forgetSource(activation: Activation, source: NewDeadLetter['source']): void {
  if (source.type === 'timer') {
    activation.timers = mapOf([...activation.timers].filter(([id]) => id !== source.timerId));
  } else if (source.type === 'effect') {
    activation.effects = mapOf([...activation.effects].filter(([, id]) => id !== source.id));
  }
}
