/** Operations of a node: adding it, and reading it again, take time; all other commands are done in the turn that takes them. */
import type { Commanded, OperationOutcome, Verb } from '../../../actors/verbs.ts';
import type { StoredError } from '../../../errors.ts';
import { errorOf, timeOf } from '../context.ts';
import type { NodeContext } from '../types.ts';
import { act } from './act.ts';

const end = (id: string, outcome: OperationOutcome, more: { message?: string; error?: StoredError } = {}): Verb => ({
  type: 'endOperation',
  params: { id, outcome, ...more },
});

const endRunning = (
  { operation }: NodeContext,
  outcome: OperationOutcome,
  more?: { message?: string; error?: StoredError },
): Verb[] => (operation === null ? [] : [end(operation.id, outcome, more)]);

/** Servers that keep a node from being empty, by id. */
export const holdersOf = ({ reservations }: Pick<NodeContext, 'reservations'>): readonly string[] =>
  Object.keys(reservations).sort();

export const operationActions = {
  /** Takes the command's operation as the running one. */
  begin: act(({ context, event }) => {
    const { operation } = event as Commanded;
    const message = `Cancelled by ${operation.command}.`;
    return { set: { operation }, verbs: endRunning(context, 'cancelled', { message }) };
  }),
  /** Ends the running operation, if there is one. */
  succeed: act(({ context }) => ({ set: { operation: null }, verbs: endRunning(context, 'succeeded') })),
  /** Remembers the error of the effect that failed, or the given fault, and ends the running operation with it. */
  fail: act<StoredError | undefined>((now, fault) => {
    const error = fault ?? errorOf(now);
    if (error === undefined) return {};
    return {
      set: { operation: null, lastError: { ...error, at: timeOf(now) } },
      verbs: endRunning(now.context, 'failed', { error }),
    };
  }),
  /** Cancels the running operation, if there is one, because its node is leaving. */
  cancel: act(({ context, event }) => ({
    set: { operation: null },
    verbs: endRunning(context, 'cancelled', { message: `Cancelled by ${event.type}.` }),
  })),
  finishAtOnce: act(({ event }) => ({ verbs: [end((event as Commanded).operation.id, 'succeeded')] })),
  /** As {@link finishAtOnce}, saying what has to go before the node is empty. */
  finishWithHolders: act(({ context, event }) => {
    const holders = holdersOf(context);
    const message =
      holders.length === 0
        ? 'No server has room there any more.'
        : `It is held by ${holders.length}: ${holders.join(', ')}.`;
    return { verbs: [end((event as Commanded).operation.id, 'succeeded', { message })] };
  }),
};
