/**
 * Operations: a server has at most one, and whoever begins one answers for its end. A command that takes over from a
 * running operation ends that one as cancelled, in the same turn.
 */
import type { Commanded, OperationOutcome, Verb } from '../../../actors/verbs.ts';
import type { StoredError } from '../../../errors.ts';
import { errorOf, timeOf } from '../context.ts';
import { stopFailed } from '../faults.ts';
import type { ServerContext } from '../types.ts';
import { act } from './act.ts';
import { giveBack } from './room.ts';

const end = (id: string, outcome: OperationOutcome, message?: string, error?: StoredError): Verb => ({
  type: 'endOperation',
  params: { id, outcome, ...(error && { error }), ...(message && { message }) },
});

const endRunning = ({ operation }: ServerContext, outcome: OperationOutcome, message?: string, error?: StoredError) =>
  operation === null ? [] : [end(operation.id, outcome, message, error)];

export interface Undone {
  /** What is undone of the operation that is taken over, as a sentence for its message. */
  readonly undone: string;
}

export interface Ended {
  readonly message?: string;
  /** The container may still run or is needed, so the reservation stays. */
  readonly keepsRoom?: boolean;
}

export const operationActions = {
  /** Takes the command's operation as the running one. */
  begin: act<Undone | undefined>(({ context, event }, params) => {
    const { operation } = event as Commanded;
    const message = [`Cancelled by ${operation.command}.`, params?.undone].filter(Boolean).join(' ');
    return { set: { operation }, verbs: endRunning(context, 'cancelled', message) };
  }),

  /** Ends the running operation, if there is one: a server also starts by itself, after a crash. */
  succeed: act<Ended | undefined>(({ context }, params) => ({
    set: { operation: null },
    verbs: endRunning(context, 'succeeded', params?.message),
  })),

  /** Remembers the error of the effect that failed, or the given fault, as the server's last error. */
  blame: act<StoredError | undefined>((now, fault) => {
    const error = fault ?? errorOf(now);
    return error === undefined ? {} : { set: { lastError: { ...error, at: timeOf(now) } } };
  }),

  /** As {@link blame}, for a stop: its deadline has passed, or the effect that failed is the cause. */
  blameStop: act((now) => ({ set: { lastError: { ...stopFailed(errorOf(now)), at: timeOf(now) } } })),

  /** Ends the running operation with the last error, and gives the room back unless told otherwise. */
  fail: act<Ended | undefined>(({ context }, params) => {
    const { lastError } = context;
    const error = lastError === null ? undefined : withoutTime(lastError);
    const room = params?.keepsRoom ? {} : giveBack(context);
    return {
      set: { ...room.set, operation: null },
      verbs: [...endRunning(context, 'failed', params?.message, error), ...(room.verbs ?? [])],
    };
  }),

  /** Ends the operation of a command that is done in the turn that takes it. */
  finishAtOnce: act<{ message: string } | undefined>(({ event }, params) => ({
    verbs: [end((event as Commanded).operation.id, 'succeeded', params?.message)],
  })),

  /** Ends the running operation, if there is one, because what it was for has come about otherwise. */
  callOff: act<string | undefined>(({ context }, message) => ({
    set: { operation: null },
    verbs: endRunning(context, 'cancelled', message),
  })),
};

const withoutTime = ({ at: _, ...error }: StoredError & { at: number }): StoredError => error;
