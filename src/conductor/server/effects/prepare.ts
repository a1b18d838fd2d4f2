import type { EffectContext, EffectFunction } from '../../../actors/types.ts';
import { demandOf } from '../../../machines/server/index.ts';
import type { PortRow, ServerEffects, ServerFacts } from '../../../machines/server/types.ts';
import type { NodeHost } from '../../interfaces/engine.ts';
import type { ServerWorld } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** Home node, ports, data directory. Each of the three is there after the first time and found the second. */
export const prepare =
  (world: ServerWorld): Run<'prepare'> =>
  async ({ serverId, ownerId, spec }) => {
    const { ports: wanted, user } = world.games.template(spec.template);
    const node = world.node(await world.fleet.home(demandOf(spec, wanted.length)));
    const ports = await portsOn(world, node, { serverId, spec, atHome: true });
    const { existed } = await node.worlds.ensure({ serverId, ownerId, epoch: 0, user });
    return { nodeId: node.id, engine: node.engine.kind, ports, dataExists: existed };
  };

/**
 * Room for this epoch, given in a node's own mailbox. A server that has no world anywhere may get another home; its ports and
 * its directory are there before it is told so.
 */
export const place =
  (world: ServerWorld): Run<'place'> =>
  async (facts, { signal }) => {
    const { serverId, epoch, spec, ports, avoid, wanted } = facts;
    const only = (await isTied(world, facts, signal)) ? facts.nodeId : null;
    const demand = demandOf(spec, ports.length);
    const room = await world.fleet.reserve({ serverId, epoch, demand, only, avoid, wanted }, signal);
    if (!room.placed) return room;
    try {
      return { placed: true, ...(await settled(world, facts, room.nodeId)) };
    } catch (thrown) {
      await world.fleet.withdraw(room.nodeId, serverId, epoch);
      throw thrown;
    }
  };

/**
 * Whether its world is on its node. Somebody may have put one there since it was last looked for; a node that is to be
 * avoided has been given up, and one that does not answer can have none that is not in the row.
 */
async function isTied(
  world: ServerWorld,
  { serverId, nodeId, dataExists, avoid }: ServerEffects['place']['input'],
  signal: EffectContext['signal'],
): Promise<boolean> {
  if (avoid.includes(nodeId)) return false;
  if (dataExists || !world.fleet.answers(nodeId)) return dataExists;
  return (await world.node(nodeId).worlds.observe(serverId, signal)).exists;
}

/** The server's ports and directory are on the node. Its home, if it was another one or had other ports. */
async function settled(
  world: ServerWorld,
  { serverId, ownerId, nodeId, epoch, spec, ports: before }: ServerFacts,
  placedOn: string,
): Promise<{ home?: { nodeId: string; engine: 'docker' | 'simulated'; ports: readonly PortRow[] } }> {
  const node = world.node(placedOn);
  const { user } = world.games.template(spec.template);
  if (placedOn !== nodeId) await node.worlds.ensure({ serverId, ownerId, epoch, user });
  const ports = await portsOn(world, node, { serverId, spec, atHome: placedOn === nodeId });
  if (placedOn === nodeId && isSame(before, ports)) return {};
  return { home: { nodeId: placedOn, engine: node.engine.kind, ports } };
}

interface PortsOf extends Pick<ServerFacts, 'serverId' | 'spec'> {
  readonly atHome: boolean;
}

const portsOn = (world: ServerWorld, node: NodeHost, { spec, ...server }: PortsOf): Promise<readonly PortRow[]> =>
  world.ports.reservePorts({
    ...server,
    nodeId: node.id,
    wanted: world.games.template(spec.template).ports,
    range: world.settings.portRange,
    taken: (candidates) => node.portsTaken(candidates),
  });

const isSame = (a: readonly PortRow[], b: readonly PortRow[]): boolean =>
  a.length === b.length && a.every(({ name, host }) => b.some((other) => other.name === name && other.host === host));
