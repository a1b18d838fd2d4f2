import type { AnyMachineSnapshot } from 'xstate';
import type { ErrorDetails } from '../../errors.ts';
import { SERVER_COMMANDS, type ServerCommand, type ServerContext, type ServerStatus } from './types.ts';

const LATER: ReadonlySet<ServerCommand> = new Set(['backup', 'restore_backup', 'archive', 'migrate']);

/** The commands that this version of the machine takes in some state. */
export const SERVER_COMMANDS_TAKEN: readonly ServerCommand[] = SERVER_COMMANDS.filter((command) => !LATER.has(command));

/** The top-level state, and the inner one if it has any. */
export function serverStatus({ value }: Pick<AnyMachineSnapshot, 'value'>): {
  readonly status: ServerStatus;
  readonly detail: string | null;
} {
  if (typeof value === 'string') return { status: value as ServerStatus, detail: null };
  const [[status, detail] = ['', null]] = Object.entries(value as Record<string, string>);
  return { status: status as ServerStatus, detail };
}

/** A refusal as data, for the actor kind to make an error of. */
export interface Refusal {
  readonly code: 'gone' | 'no_data' | 'not_fenced';
  readonly details: ErrorDetails;
}

/**
 * A better reason than `invalid_transition` for not taking an event, if there is one: the server is purged, the world that a
 * start or rebuild needs is gone, or it is too early for a failover.
 */
export function serverRefusal(snapshot: AnyMachineSnapshot, event: { readonly type: string }): Refusal | undefined {
  const { id, dataLost } = snapshot.context as ServerContext;
  const { status, detail } = serverStatus(snapshot);
  if (status === 'purged') return { code: 'gone', details: { kind: 'server', id } };
  if (event.type === 'failover' && status === 'lost' && detail === 'waiting_for_fence') {
    return { code: 'not_fenced', details: { id } };
  }
  const needsWorld = event.type === 'start' || event.type === 'wake' || event.type === 'rebuild';
  const isOff = ['stopped', 'sleeping', 'crashed', 'missing', 'failed'].includes(status);
  return needsWorld && isOff && dataLost ? { code: 'no_data', details: { id } } : undefined;
}
