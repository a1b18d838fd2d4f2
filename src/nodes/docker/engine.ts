/** The real engine: Docker, over its local socket, `DOCKER_HOST`, or connections that somebody else brings. */
import type { Agent } from 'node:http';
import type { Engine } from '../../conductor/interfaces/engine.ts';
import type { BatonError } from '../../errors.ts';
import { DEFAULT_NETWORK_POOL } from '../limits.ts';
import { call, connect, connectAnew, translate } from './client.ts';
import { createContainer, startContainer } from './create.ts';
import { killContainer, removeContainer, stopContainer } from './end.ts';
import { watchEvents } from './events.ts';
import { imageLabels, loadImage, pullImage } from './images.ts';
import { inspectContainer, inventory } from './inspect.ts';
import { createKeyedLock } from './lock.ts';
import { createNetworks, type HostNetworks, ownNetworks } from './networks.ts';
import { followLogs, logTail, writeStdin } from './output.ts';
import { engineStartedAt } from './started.ts';
import { containerStats } from './stats.ts';
import { createStopRequests } from './stop-requests.ts';

export interface DockerEngineOptions {
  /** This node; containers with another id in their label `baton.node` are not seen. */
  readonly nodeId: string;
  /** Where Docker listens, as in `DOCKER_HOST`, or who connects to it; absent: what the environment says, else the local socket. */
  readonly host?: string | Agent;
  /** Private IPv4 network that the servers' networks are cut from. Default {@link DEFAULT_NETWORK_POOL}. */
  readonly networkPool?: string;
  /** Networks that the machine is itself part of, in CIDR form; absent: those of the machine that Baton runs on. */
  readonly hostNetworks?: HostNetworks;
  /** Told of troubles that the engine overcomes by itself, such as a lost event stream; for the log. */
  readonly onProblem?: (problem: BatonError) => void;
}

export function createDockerEngine(options: DockerEngineOptions): Engine & { readonly kind: 'docker' } {
  const {
    nodeId,
    networkPool = DEFAULT_NETWORK_POOL,
    hostNetworks = ownNetworks,
    onProblem = () => undefined,
  } = options;
  const docker = connect(options.host);
  const anew = connectAnew(options.host);
  const lock = createKeyedLock();
  const networks = createNetworks(docker, lock, { nodeId, pool: networkPool, hostNetworks });
  const requests = createStopRequests();
  const parts = { docker, networks, lock };
  return {
    kind: 'docker',
    async info(signal) {
      const info = await call('info', () => docker.info(), { signal });
      return {
        version: info.ServerVersion,
        ramMb: Math.floor(info.MemTotal / (1024 * 1024)),
        cpus: info.NCPU,
        architecture: info.Architecture,
      };
    },
    startedAt: (signal) => engineStartedAt(anew, signal),
    inventory: (signal) => inventory(docker, nodeId, signal),
    watch(listener, onConnected, signal) {
      // Networks outlive containers that somebody else removes, and nobody else would clean them up.
      const tidy = (work: Promise<void>) => {
        work.catch((thrown: unknown) => signal.aborted || onProblem(translate('remove network', thrown)));
      };
      void watchEvents(docker, {
        nodeId,
        requests,
        signal,
        onProblem,
        onConnected() {
          tidy(networks.sweep(signal));
          onConnected();
        },
        listener(event) {
          if (event.type === 'removed') tidy(networks.release(event.serverId, signal));
          listener(event);
        },
      });
    },
    hasImage: async (image, signal) => (await imageLabels(docker, image, signal)) !== null,
    pullImage: (image, onProgress, signal) => pullImage(docker, image, onProgress, signal),
    imageLabels: (image, signal) => imageLabels(docker, image, signal),
    loadImage: (image, rootfs, config, signal) => loadImage(docker, image, rootfs, config, signal),
    createContainer: (spec, signal) => createContainer(parts, spec, signal),
    async startContainer(containerId, signal) {
      requests.withdrawKill(containerId);
      await startContainer(parts, containerId, signal);
    },
    stopContainer: (containerId, graceMs, signal) => stopContainer(docker, containerId, graceMs, signal),
    killContainer: (containerId, signal) => killContainer(docker, requests, containerId, signal),
    removeContainer: (containerId, signal) => removeContainer(docker, networks, containerId, signal),
    inspectContainer: (containerId, signal) => inspectContainer(docker, containerId, signal),
    logTail: (containerId, lines, signal) => logTail(docker, containerId, lines, signal),
    followLogs: (containerId, tail, onLine, signal) => followLogs(docker, containerId, tail, onLine, signal),
    writeStdin: (containerId, line, signal) => writeStdin(docker, containerId, line, signal),
    stats: (containerId, signal) => containerStats(docker, containerId, signal),
  };
}
