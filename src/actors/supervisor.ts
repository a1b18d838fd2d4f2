import { BatonError, storedError } from '../errors.ts';
import type { Activation, Envelope } from './activation.ts';
import { parseAddress } from './address.ts';
import { isUnavailable } from './committer.ts';
import { errors } from './errors.ts';
import type { Inspection } from './inspection.ts';
import { createIntensity } from './intensity.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Ports } from './ports.ts';
import type { CommitStore, NewDeadLetter } from './store.ts';
import type { Address, PendingEvent } from './types.ts';

export interface Supervisor {
  /** A message made its handler throw. The actor stays at its last commit; `goOn` is called when it may go on. */
  failed(activation: Activation, envelope: Envelope, thrown: unknown, goOn: () => void): void;
  quarantinedError(activation: Activation): BatonError;
  /** Forgets past failures, when an operator resumes the actor. */
  forgive(address: Address): void;
}

export interface SupervisorParts {
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  readonly store: Pick<CommitStore, 'deadLetter' | 'quarantine'>;
  readonly inspection: Inspection;
  readonly outage: (error: unknown) => void;
  readonly report: (message: string, details: Record<string, unknown>) => void;
}

/**
 * What happens to a message that cannot be handled: a stored one is tried again up to the limit and then put aside as a
 * dead letter; an asker is told at once. An actor that fails more often than its intensity allows is quarantined.
 */
export function createSupervisor({ ports, limits, store, inspection, outage, report }: SupervisorParts): Supervisor {
  const intensity = createIntensity(ports.clock, limits.failureBurst, limits.failuresForgivenPerMinute);

  async function putAside(activation: Activation, letter: NewDeadLetter): Promise<void> {
    await store.deadLetter(letter);
    report('A message was put aside as a dead letter.', { address: activation.address, error: letter.error });
  }

  async function quarantine(activation: Activation, thrown: unknown): Promise<void> {
    const error = storedError(thrown);
    activation.quarantined = error;
    const event = quarantineEvent(activation, 'actor.quarantined', { error });
    inspection.events([await store.quarantine(activation.address, error, event)]);
    const refusal = quarantinedError(activation);
    for (const waiting of activation.user.splice(0)) waiting.settle?.failed(refusal);
    activation.system.length = 0;
    report('An actor failed too often and is quarantined.', { address: activation.address, error });
  }

  function quarantinedError({ kind, quarantined }: Activation): BatonError {
    return errors.quarantined({ kind: kind.kind, reason: quarantined?.message ?? '' });
  }

  return {
    failed(activation, envelope, thrown, goOn) {
      report('A message could not be handled.', {
        address: activation.address,
        event: envelope.event.type,
        error: storedError(thrown),
      });
      envelope.settle?.failed(internal(thrown));
      envelope.attempts += 1;
      const steps: (() => Promise<void>)[] = [];
      const source = sourceOf(envelope);
      if (source !== null) {
        if (envelope.attempts < limits.deliveryAttempts) activation.system.unshift(envelope);
        else steps.push(() => putAside(activation, letterOf(activation, envelope, thrown, source, ports.id())));
      }
      if (intensity.exceeded(activation.address)) steps.push(() => quarantine(activation, thrown));
      if (steps.length === 0) return;
      activation.phase = 'committing';
      void (async () => {
        try {
          for (const step of steps) await step();
        } catch (error) {
          if (isUnavailable(error)) outage(error);
          else report('A failure could not be recorded.', { address: activation.address, error: storedError(error) });
        }
        if (activation.phase !== 'committing') return;
        activation.phase = 'idle';
        if (activation.quarantined === null) goOn();
      })();
    },
    quarantinedError,
    forgive: (address) => intensity.forgive(address),
  };
}

/** A defect's message is for the log and the dead letter; who asked learns only that it was ours. */
function internal(thrown: unknown): BatonError {
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
  return { type, subject: parseAddress(address), ownerId, data };
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

function letterOf(
  { address }: Activation,
  { event, attempts }: Envelope,
  thrown: unknown,
  source: NewDeadLetter['source'],
  id: string,
): NewDeadLetter {
  return { id, address, event, error: storedError(thrown), attempts, source };
}
