import type { EffectContext, EffectFunction } from '../../../actors/types.ts';
import { BatonError } from '../../../errors.ts';
import { demandOf, type ServerLimits, startMs } from '../../../machines/server/index.ts';
import type { PortRow, ServerEffects, ServerFacts, ServerSpec } from '../../../machines/server/types.ts';
import { errors } from '../../errors.ts';
import type { NodeHost } from '../../interfaces/engine.ts';
import { nodeUnlessGivenUp, type ServerWorld } from '../world.ts';

type Run<E extends keyof ServerEffects> = EffectFunction<ServerEffects[E]['input'], ServerEffects[E]['output']>;

/** Home node, ports, data directory. Each of the three is there after the first time and found the second. */
export const prepare =
  (world: ServerWorld): Run<'prepare'> =>
  async ({ serverId, ownerId, spec }, { signal }) => {
    const { node, ports } = await home(world, serverId, spec, signal);
    const { user } = world.games.template(spec.template);
    signal.throwIfAborted();
    const { existed } = await node.worlds.ensure({ serverId, ownerId, epoch: 0, user });
    return { nodeId: node.id, engine: node.engine.kind, ports, dataExists: existed };
  };

/** A node and ports of it. Servers that are off keep theirs, so a node may have room and no port left: then the next one. */
async function home(
  world: ServerWorld,
  serverId: string,
  spec: ServerSpec,
  signal: AbortSignal,
): Promise<{ readonly node: NodeHost; readonly ports: readonly PortRow[] }> {
  const demand = demandOf(spec, world.games.template(spec.template).ports.length);
  const full: string[] = [];
  for (let noPorts: unknown; ; ) {
    const nodeId = await world.fleet.home(demand, full).catch((none: unknown) => Promise.reject(noPorts ?? none));
    const node = world.node(nodeId);
    try {
      return { node, ports: await portsOn(world, node, { serverId, spec, atHome: true, signal }) };
    } catch (thrown) {
      if (!isOutOfPorts(thrown)) throw thrown;
      noPorts = thrown;
      full.push(nodeId);
    }
  }
}

/** The store's own codes: rooms do not import each other's catalogues. Who takes the last ports may still give them back. */
const OUT_OF_PORTS: ReadonlySet<string> = new Set(['no_ports', 'ports_contended']);
const isOutOfPorts = (thrown: unknown): boolean => thrown instanceof BatonError && OUT_OF_PORTS.has(thrown.code);

/**
 * Room for this epoch, given in a node's own mailbox. A server that has no world anywhere may get another home; its ports and
 * its directory are there before it is told so.
 */
export const place =
  (world: ServerWorld, limits: ServerLimits): Run<'place'> =>
  async (facts, { signal }) => {
    const { serverId, epoch, spec, ports, avoid, wanted } = facts;
    const only = (await isTied(world, facts, signal)) ? facts.nodeId : null;
    const demand = demandOf(spec, ports.length);
    for (const full: string[] = []; ; ) {
      const request = {
        serverId,
        epoch,
        demand,
        startMs: startMs(limits, spec),
        only,
        avoid: [...avoid, ...full],
        wanted,
      };
      const room = await world.fleet.reserve(request, signal);
      if (!room.placed) return room;
      try {
        return { placed: true, ...(await settled(world, facts, room.nodeId, signal)) };
      } catch (thrown) {
        await world.fleet.withdraw(room.nodeId, serverId, epoch);
        const hasChoice = only === null && wanted === null && !full.includes(room.nodeId);
        if (!hasChoice || !isOutOfPorts(thrown)) throw thrown;
        full.push(room.nodeId);
      }
    }
  };

/**
 * Whether its world is on its node. Somebody may have put one there since it was last looked for; a node that is to be
 * avoided has been given up, and one that does not answer can have none that is not in the row. With a node that was removed its
 * world went as well: then only a new one can begin, and that elsewhere.
 */
async function isTied(
  world: ServerWorld,
  { serverId, nodeId, dataExists, expects, avoid }: ServerEffects['place']['input'],
  signal: EffectContext['signal'],
): Promise<boolean> {
  if (avoid.includes(nodeId)) return false;
  if (nodeUnlessGivenUp(world, nodeId) === null) {
    if (expects !== null) throw errors.no_data({ id: serverId });
    return false;
  }
  if (dataExists || !world.fleet.answers(nodeId)) return dataExists;
  return (await world.node(nodeId).worlds.look(serverId, [], signal)).exists;
}

/** The server's ports and directory are on the node. Its home, if it was another one or had other ports. */
async function settled(
  world: ServerWorld,
  { serverId, ownerId, nodeId, epoch, spec, ports: before }: ServerFacts,
  placedOn: string,
  signal: AbortSignal,
): Promise<{ home?: { nodeId: string; engine: 'docker' | 'simulated'; ports: readonly PortRow[] } }> {
  const node = world.node(placedOn);
  const { user } = world.games.template(spec.template);
  if (placedOn !== nodeId) await node.worlds.ensure({ serverId, ownerId, epoch, user });
  const ports = await portsOn(world, node, { serverId, spec, atHome: placedOn === nodeId, signal });
  if (placedOn === nodeId && isSame(before, ports)) return {};
  return { home: { nodeId: placedOn, engine: node.engine.kind, ports } };
}

interface PortsOf extends Pick<ServerFacts, 'serverId' | 'spec'> {
  readonly atHome: boolean;
  readonly signal: AbortSignal;
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
