/** A remote machine as a node: its Docker, its worlds and its ports, over the connection that the link keeps. */
import { type NodeHost, portKey, type Worlds } from '../../conductor/interfaces/engine.ts';
import type { BatonError } from '../../errors.ts';
import { createDockerEngine } from '../docker/engine.ts';
import { errors } from '../errors.ts';
import { commands, type RunHelper } from '../helper/commands.ts';
import type { SshLimits } from '../limits.ts';
import { createDockerAgent } from './docker-agent.ts';
import { createHostNetworks } from './networks.ts';
import type { Way } from './way.ts';

export interface HostOptions {
  readonly nodeId: string;
  readonly name: string;
  readonly way: Way;
  /** Runs commands of the helper on the connection that is there. */
  readonly run: RunHelper;
  /** The lease under which this process works; null before its first heartbeat. */
  readonly leaseEpoch: () => number | null;
  /** Where the script and the worlds are. */
  readonly root: string;
  /** Path of Docker's socket on the machine. */
  readonly dockerSocket: string;
  readonly limits: SshLimits;
  readonly networkPool?: string;
  readonly onProblem?: (problem: BatonError) => void;
}

export function createRemoteHost(options: HostOptions): NodeHost {
  const { nodeId, name, way, run, dockerSocket, networkPool, onProblem } = options;
  const agent = createDockerAgent(async () => way.existing().connection.dialSocket(dockerSocket));
  return {
    id: nodeId,
    name,
    engine: {
      ...createDockerEngine({
        nodeId,
        host: agent,
        hostNetworks: createHostNetworks(way),
        ...(networkPool === undefined ? {} : { networkPool }),
        onProblem(problem) {
          // That the machine is away its link tells, once.
          if (problem.code !== errors.node_unreachable.code) onProblem?.(problem);
        },
      }),
      remote: {
        get hostname() {
          return way.target()?.ssh.hostname ?? '';
        },
        dial: async (address, port, signal) => way.existing().connection.dialTcp(address, port, signal),
      },
    },
    worlds: createRemoteWorlds(options),
    async portsTaken(ports) {
      const inUse = new Set((await run(commands.ports())).ports.map(keyOf));
      return new Set(ports.map(({ protocol, host }) => portKey(protocol, host)).filter((key) => inUse.has(key)));
    },
  };
}

/** The kernel's table has ports in hex: `tcp/63DD`. */
function keyOf(listed: string): string {
  const [protocol, hex = ''] = listed.split('/');
  return portKey(protocol === 'udp' ? 'udp' : 'tcp', Number.parseInt(hex, 16));
}

function createRemoteWorlds({ root, run, limits, leaseEpoch }: HostOptions): Worlds {
  const lease = (): number => {
    const epoch = leaseEpoch();
    if (epoch === null) throw errors.node_unreachable({ reason: 'it has not answered a heartbeat yet' });
    return epoch;
  };
  return {
    dataDir: (serverId) => `${root}/servers/${serverId}/data`,
    async ensure(manifest) {
      const { existed } = await run(commands.ensure(manifest, lease()));
      return { existed };
    },
    async look(serverId, marks, signal) {
      const { exists, marked } = await run(commands.look(serverId, marks), { signal });
      return { exists, marked: marks.length === 0 ? null : marked };
    },
    async measure(serverId, signal) {
      const { bytes } = await run(commands.size(serverId), { signal, deadlineMs: limits.slowCommandMs });
      return bytes;
    },
    async remove(serverId) {
      await run(commands.remove(serverId, lease()), { deadlineMs: limits.slowCommandMs });
    },
  };
}
