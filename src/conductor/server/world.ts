/** What the server's effects work with: nodes and their room, games, ports. */
import type { ServerFacts } from '../../machines/server/types.ts';
import { errors } from '../errors.ts';
import type { Fleet } from '../fleet/index.ts';
import type { ContainerInfo, ContainerSpec, NodeHost } from '../interfaces/engine.ts';
import type { Games, GameTarget, Template } from '../interfaces/games.ts';
import type { PortStore } from '../interfaces/stores.ts';

export interface ServerSettings {
  readonly portRange: { readonly from: number; readonly to: number };
  /** Where game ports are published on the node. */
  readonly publishAddress: string;
  /** Between two readiness probes while booting, and between two health probes while running. */
  readonly bootProbeMs: number;
  readonly healthProbeMs: number;
  /** After which a single probe counts as failed. */
  readonly probeTimeoutMs: number;
  /** After which a console command counts as unanswered. */
  readonly consoleTimeoutMs: number;
  /** What players get to come to an end before a stop. */
  readonly announceMs: number;
}

export interface ServerWorld {
  readonly games: Games;
  readonly ports: PortStore;
  readonly settings: ServerSettings;
  /** The machine that a server's data lies on. Throws `node_unknown`. */
  node(nodeId: string): NodeHost;
  /** All that are connected. */
  nodes(): readonly NodeHost[];
  readonly fleet: Fleet;
  /** Resolves after the time, or throws the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborts after the time. */
  timeout(ms: number): AbortSignal;
}

/** Null for a node that was removed: what lies there is put aside if it ever answers again, and waiting for it would be for ever. */
export const nodeUnlessGivenUp = (world: Pick<ServerWorld, 'node' | 'fleet'>, nodeId: string): NodeHost | null =>
  world.fleet.has(nodeId) ? world.node(nodeId) : null;

export const templateOf = ({ games }: ServerWorld, { spec }: ServerFacts): Template => games.template(spec.template);

export const imageOf = ({ spec }: ServerFacts): string => `${spec.image}:${spec.imageTag}`;

/** Everything that is needed to make the server's container again, from its row and its template. */
export function containerSpec(world: ServerWorld, facts: ServerFacts): ContainerSpec {
  const { spec, ports, serverId, nodeId, epoch } = facts;
  const template = templateOf(world, facts);
  return {
    serverId,
    nodeId,
    epoch,
    image: imageOf(facts),
    env: world.games.containerEnv(template, spec.env, { ramMb: spec.ramMb, ports }),
    ports,
    publishAddress: world.settings.publishAddress,
    dataDir: world.node(nodeId).worlds.dataDir(serverId),
    dataPath: template.dataPath,
    ramMb: spec.ramMb,
    cpu: spec.cpu,
    pidsLimit: template.pidsLimit,
    capabilities: template.capabilities,
    user: template.user,
    stdin: template.console.kind === 'stdin',
    stopSignal: template.stop.signal,
  };
}

/** The game in a container, as probes and consoles reach it. Throws `container_gone` when there is no such container. */
export async function gameTarget(
  world: ServerWorld,
  facts: ServerFacts,
  containerId: string,
  signal?: AbortSignal,
): Promise<GameTarget> {
  const { engine } = world.node(facts.nodeId);
  const container = await engine.inspectContainer(containerId, signal);
  if (container === null) throw errors.container_vanished({ id: facts.serverId });
  return targetOf(world, facts, container);
}

export function targetOf(world: ServerWorld, facts: ServerFacts, container: ContainerInfo): GameTarget {
  const { spec, ports } = facts;
  const template = templateOf(world, facts);
  return {
    template,
    engine: world.node(facts.nodeId).engine,
    container,
    env: world.games.containerEnv(template, spec.env, { ramMb: spec.ramMb, ports }),
    containerPorts: Object.fromEntries(ports.map((port) => [port.name, port.container])),
    hostPorts: Object.fromEntries(ports.map((port) => [port.name, port.host])),
  };
}

/** All containers of one server, newest epoch first. */
export async function containersOf(node: NodeHost, serverId: string, signal?: AbortSignal): Promise<ContainerInfo[]> {
  const all = await node.engine.inventory(signal);
  return all.filter((container) => container.serverId === serverId).sort((a, b) => b.epoch - a.epoch);
}
