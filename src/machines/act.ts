import { type EventObject, enqueueActions, type MachineContext, type ParameterizedObject } from 'xstate';
import type { Verb } from '../actors/verbs.ts';

/** What an action comes to: fields of the context that change, and verbs for the runtime, in order. */
export interface Outcome<Context> {
  readonly set?: Partial<Context>;
  readonly verbs?: readonly Verb[];
}

/**
 * Actions of a machine from pure functions: `actor<Context, Event>()(({ context, event }, params) => ({ set, verbs }))`. What
 * one sets is seen by the actions after it in the same turn.
 */
export const actor =
  <Context extends MachineContext, Event extends EventObject>() =>
  <Params extends ParameterizedObject['params'] | undefined = undefined>(
    decide: (now: { readonly context: Context; readonly event: Event }, params: Params) => Outcome<Context>,
  ) =>
    enqueueActions<Context, Event, Params, Event, never, Verb, never, never, never>(
      ({ context, event, enqueue }, params) => {
        const { set, verbs = [] } = decide({ context, event }, params);
        if (set !== undefined) enqueue.assign(set);
        for (const verb of verbs) enqueue(verb);
      },
    );
