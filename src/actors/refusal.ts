import type { AnyMachineSnapshot } from 'xstate';
import type { BatonError } from '../errors.ts';
import type { Activation } from './activation.ts';
import { errors } from './errors.ts';
import { type InstalledKind, refOf } from './kinds.ts';
import type { ActorEvent, Address } from './types.ts';

/** The refusal of an event, with the state, the running operation and the commands that would be taken now. */
export function refusal(activation: Activation, event: ActorEvent): BatonError {
  const { kind, snapshot, address } = activation;
  if (snapshot === null) return errors.not_found(refOf(address));
  const special = kind.refusal?.(snapshot, event);
  if (special !== undefined) return special;
  const { status, detail } = kind.status(snapshot);
  return errors.invalid_transition({
    kind: kind.kind,
    state: detail === null ? status : `${status} (${detail})`,
    command: event.type,
    operation: kind.operation(snapshot),
    allowed: allowedCommands(activation, address, snapshot),
  });
}

/** The commands that a state takes, with default options. */
export function allowedCommands(
  { kind, interpreter }: Pick<InstalledKind, 'kind' | 'interpreter'>,
  address: Address,
  snapshot: AnyMachineSnapshot,
): readonly string[] {
  const operation = { id: '00000000-0000-0000-0000-000000000000', command: '' };
  return kind.commands.filter((type) => {
    const event = { type, at: 0, operation, operationId: kind.operation(snapshot)?.id, changes: {} };
    try {
      return interpreter.next(address, snapshot, event) !== null;
    } catch {
      return false;
    }
  });
}
