import type { EffectFunction } from '../../../actors/types.ts';
import type { ServerEffects } from '../../../machines/server/types.ts';
import { errors } from '../../errors.ts';
import type { NodeHost } from '../../interfaces/engine.ts';
import type { ServerWorld } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** Where somebody has put the data that a server shall start with: the first node that says that it has it. */
export const findWorld =
  (world: ServerWorld): Run<'findWorld'> =>
  async ({ serverId, avoid, wanted }, { signal }) => {
    const nodes = (wanted === null ? world.nodes() : [world.node(wanted)]).filter(({ id }) => !avoid.includes(id));
    const look = async ({ id, worlds }: NodeHost) => {
      if (!(await worlds.look(serverId, [], signal)).exists) throw errors.no_data({ id: serverId });
      return { nodeId: id };
    };
    // One that does not answer has no data to start with, and none of the others waits for it.
    return Promise.any(nodes.map(look)).catch(() => {
      signal.throwIfAborted();
      throw errors.no_data({ id: serverId });
    });
  };
