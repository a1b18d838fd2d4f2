import { actor, type Outcome as OutcomeOf } from '../../act.ts';
import type { NodeContext, NodeEvent } from '../types.ts';

export type Outcome = OutcomeOf<NodeContext>;

/** An action of the node from a pure function. */
export const act = actor<NodeContext, NodeEvent>();
