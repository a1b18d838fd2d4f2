import type { ServerLimits } from '../limits.ts';
import { lifeActions } from './life.ts';
import { lossActions } from './loss.ts';
import { observeActions } from './observe.ts';
import { operationActions } from './operation.ts';
import { queueActions } from './queue.ts';
import { roomActions } from './room.ts';

/** Every action of the server by its name. */
export const serverActions = (limits: ServerLimits) => ({
  ...operationActions,
  ...roomActions,
  ...queueActions(limits),
  ...observeActions(limits),
  ...lifeActions(limits),
  ...lossActions(limits),
});
