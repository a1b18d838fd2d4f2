import { setup } from 'xstate';
import type { VerbParams } from '../../actors/verbs.ts';
import { serverActions } from './actions/index.ts';
import { serverDelays } from './delays.ts';
import { serverEffects } from './effects.ts';
import { serverGuards } from './guards.ts';
import { SERVER_LIMITS, type ServerLimits } from './limits.ts';
import type { ServerContext, ServerEvent, ServerInput } from './types.ts';

/** Names and types of everything that the server's states may say, with the given numbers behind the names. */
export const serverSetup = (limits: ServerLimits) =>
  setup({
    types: {} as { context: ServerContext; events: ServerEvent; input: ServerInput },
    actors: serverEffects,
    actions: {
      endOperation: (_, _params: VerbParams['endOperation']) => {},
      tell: (_, _params: VerbParams['tell']) => {},
      reply: (_, _params: VerbParams['reply']) => {},
    },
    guards: serverGuards(limits),
    delays: serverDelays(limits),
  }).extend({ actions: serverActions(limits) });

/** Types a part of the machine; the numbers come in with `serverSetup` of the whole. */
export const { createStateConfig } = serverSetup(SERVER_LIMITS);
