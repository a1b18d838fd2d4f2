import type { EffectFunction } from '../../../actors/types.ts';
import type { ServerEffects } from '../../../machines/server/types.ts';
import type { ServerWorld } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** Home node, ports, data directory. Each of the three is there after the first time and found the second. */
export const prepare =
  (world: ServerWorld): Run<'prepare'> =>
  async ({ serverId, ownerId, spec }) => {
    const node = world.homeNode();
    const template = world.games.template(spec.template);
    const ports = await world.ports.reservePorts({
      nodeId: node.id,
      serverId,
      wanted: template.ports,
      range: world.settings.portRange,
      taken: (candidates) => node.portsTaken(candidates),
    });
    const { existed } = await node.worlds.ensure({ serverId, ownerId, epoch: 0, user: template.user });
    return { nodeId: node.id, engine: node.engine.kind, ports, dataExists: existed };
  };

/** Reserves RAM in the node's own mailbox, so that two servers never get the same megabyte. */
export const place =
  (world: ServerWorld): Run<'place'> =>
  async ({ serverId, nodeId, epoch, spec }) => {
    const event = { type: 'reserve', serverId, epoch, ramMb: spec.ramMb, cpu: spec.cpu };
    return (await world.ask(`node/${nodeId}`, event)) as ServerEffects['place']['output'];
  };
