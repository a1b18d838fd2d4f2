import { enqueueActions, type ParameterizedObject } from 'xstate';
import type { Verb } from '../../../actors/verbs.ts';
import type { Now } from '../context.ts';
import type { ServerContext, ServerEvent } from '../types.ts';

/** What an action comes to: fields of the context that change, and verbs for the runtime, in order. */
export interface Outcome {
  readonly set?: Partial<ServerContext>;
  readonly verbs?: readonly Verb[];
}

/** An action of the machine from a pure function. What it sets is seen by the actions after it in the same turn. */
export const act = <P extends ParameterizedObject['params'] | undefined = undefined>(
  decide: (now: Now, params: P) => Outcome,
) =>
  enqueueActions<ServerContext, ServerEvent, P, ServerEvent, never, Verb, never, never, never>(
    ({ context, event, enqueue }, params) => {
      const { set, verbs = [] } = decide({ context, event }, params);
      if (set !== undefined) enqueue.assign(set);
      for (const verb of verbs) enqueue(verb);
    },
  );
