import { setup } from 'xstate';
import type { VerbParams } from '../../actors/verbs.ts';
import { nodeActions } from './actions/index.ts';
import { type Now, timeOf } from './context.ts';
import { nodeEffects } from './effects.ts';
import { nodeGuards } from './guards.ts';
import { nextDue } from './ledger.ts';
import { NODE_LIMITS, type NodeLimits } from './limits.ts';
import type { NodeContext, NodeEvent, NodeInput } from './types.ts';

/** Every delay of the node in ms, by the name that the timer has in the database and the visualizer. */
const nodeDelays = (limits: NodeLimits) => ({
  requestDeadline: limits.requestMs,
  machineDeadline: limits.machineBootMs,
  bootstrapDeadline: limits.bootstrapMs,
  inventoryDeadline: limits.inventoryMs,
  quarantineDeadline: limits.quarantineMs,
  decommissionDeadline: limits.decommissionMs,
  emptyFor: limits.emptyMs,
  tombstone: limits.tombstoneMs,
  retry: limits.retryMs,
  startDeadline: (now: Now) => Math.max(0, (nextDue(now.context) ?? 0) - timeOf(now)),
  cleanAgain: limits.cleanMs,
  cleaningDeadline: limits.cleaningMs,
});

/** Names and types of everything that the node's states may say, with the given numbers behind the names. */
export const nodeSetup = (limits: NodeLimits) =>
  setup({
    types: {} as { context: NodeContext; events: NodeEvent; input: NodeInput },
    actors: nodeEffects,
    actions: {
      endOperation: (_, _params: VerbParams['endOperation']) => {},
      tell: (_, _params: VerbParams['tell']) => {},
      reply: (_, _params: VerbParams['reply']) => {},
    },
    guards: nodeGuards(limits),
    delays: nodeDelays(limits),
  }).extend({ actions: nodeActions(limits) });

/** Types a part of the machine; the numbers come in with `nodeSetup` of the whole. */
export const { createStateConfig } = nodeSetup(NODE_LIMITS);
