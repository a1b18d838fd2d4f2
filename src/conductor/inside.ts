/** What is asked of one server's own game and container: console, logs, players, resources. Each with its own deadline. */
import type { ServerFacts } from '../machines/server/types.ts';
import { errors } from './errors.ts';
import type { ContainerInfo } from './interfaces/engine.ts';
import type { Reads, ServerRow } from './interfaces/reads.ts';
import { containersOf, gameTarget, type ServerWorld, targetOf } from './server/world.ts';
import type { Conductor } from './types.ts';

/** After which a node that is asked on behalf of a reader counts as not answering. */
const NODE_TIMEOUT_MS = 5_000;

type Inside = Pick<Conductor, 'logs' | 'followLogs' | 'players' | 'connection' | 'stats'> & {
  /** Runs a console command in the running game. */
  console(id: string, command: string): Promise<string>;
};

export function createInside(world: ServerWorld, reads: Reads, publicHost: string): Inside {
  async function row(id: string): Promise<ServerRow> {
    const found = await reads.server(id, { includeDeleted: true });
    if (found === null) throw errors.not_found({ kind: 'server', id });
    return found;
  }

  /** The newest container there is of a server that was prepared; null when there is none. */
  async function container(server: ServerRow): Promise<ContainerInfo | null> {
    if (server.nodeId === null) return null;
    const signal = world.timeout(NODE_TIMEOUT_MS);
    const [newest] = await containersOf(world.node(server.nodeId), server.id, signal);
    return newest ?? null;
  }

  async function running(id: string): Promise<{ server: ServerRow; facts: ServerFacts; container: ContainerInfo }> {
    const server = await row(id);
    const found = await container(server);
    if (found === null || found.state !== 'running') throw errors.not_running();
    return { server, facts: factsOf(server), container: found };
  }

  return {
    async console(id, command) {
      const { facts, container: found } = await running(id);
      const signal = world.timeout(world.settings.consoleTimeoutMs);
      return world.games.console(await gameTarget(world, facts, found.id, signal), command, signal);
    },
    async logs(id, lines) {
      const server = await row(id);
      const found = await container(server);
      if (found === null) return (server.exit?.logTail ?? []).slice(-lines);
      return world.node(found.nodeId).engine.logTail(found.id, lines, world.timeout(NODE_TIMEOUT_MS));
    },
    async followLogs(id, tail, onLine, signal) {
      const found = await container(await row(id));
      if (found !== null) await world.node(found.nodeId).engine.followLogs(found.id, tail, onLine, signal);
    },
    async players(id) {
      const { facts, container: found } = await running(id);
      return world.games.probe(targetOf(world, facts, found), world.timeout(world.settings.probeTimeoutMs));
    },
    async connection(id) {
      const { ports, nodeId } = await row(id);
      const node = nodeId === null ? null : await reads.node(nodeId);
      const [first] = ports.filter(({ name }) => name === 'game').concat(ports);
      if (first === undefined) throw errors.not_running();
      return {
        // Players join a machine that is reached over SSH at the address by which it is reached.
        host: node?.ssh?.hostname ?? publicHost,
        port: first.host,
        protocol: first.protocol,
        ports: ports.map(({ name, protocol, host }) => ({ name, protocol, port: host })),
      };
    },
    async stats(id) {
      const found = await container(await row(id));
      if (found === null || found.state !== 'running') return null;
      return world.node(found.nodeId).engine.stats(found.id, world.timeout(NODE_TIMEOUT_MS));
    },
  };
}

/** The facts of a server that was prepared, from its row. */
function factsOf(server: ServerRow): ServerFacts {
  const { id, ownerId, nodeId, ports, epoch } = server;
  if (nodeId === null) throw errors.not_running();
  // Boot and grace are the statechart's own; what reaches the game does not ask for them.
  return { serverId: id, ownerId, nodeId, ports, epoch, spec: { ...server, bootSeconds: 0, graceSeconds: 0 } };
}
