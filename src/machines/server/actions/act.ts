import { actor, type Outcome as OutcomeOf } from '../../act.ts';
import type { ServerContext, ServerEvent } from '../types.ts';

export type Outcome = OutcomeOf<ServerContext>;

/** An action of the server from a pure function. */
export const act = actor<ServerContext, ServerEvent>();
