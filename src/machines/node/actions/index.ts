import type { NodeLimits } from '../limits.ts';
import { connectionActions } from './connection.ts';
import { lifeActions } from './life.ts';
import { operationActions } from './operation.ts';
import { roomActions } from './room.ts';

/** Every action of the node by its name. */
export const nodeActions = (limits: NodeLimits) => ({
  ...operationActions,
  ...roomActions(limits),
  ...lifeActions,
  ...connectionActions(limits),
});
