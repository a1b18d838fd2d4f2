/**
 * One bridge network per server, so that no server can talk to another's container and Baton reaches the console at the
 * container's own address without publishing it. A network lives as long as a container of its server does.
 */
import { networkInterfaces } from 'node:os';
import type Docker from 'dockerode';
import { errors } from '../errors.ts';
import { call } from './client.ts';
import { LABELS, networkName, nodeFilter } from './labels.ts';
import type { KeyedLock } from './lock.ts';
import { freeSubnets } from './subnets.ts';

export interface Networks {
  /** Makes the server's network unless it is there. Call it with the server's lock held. Throws `networks_exhausted`. */
  ensure(serverId: string, signal?: AbortSignal): Promise<void>;
  /** Removes the server's network unless a container of the server is left. */
  release(serverId: string, signal?: AbortSignal): Promise<void>;
  /** Releases every network of this node whose server has no container, such as after `docker rm` by hand. */
  sweep(signal?: AbortSignal): Promise<void>;
}

export interface NetworkSettings {
  readonly nodeId: string;
  /** Private IPv4 network in CIDR form that the servers' subnets are cut from. */
  readonly pool: string;
}

export function createNetworks(docker: Docker, lock: KeyedLock, { nodeId, pool }: NetworkSettings): Networks {
  const ensure = async (serverId: string, signal?: AbortSignal): Promise<void> => {
    const networks = await call('list networks', (abortSignal) => docker.listNetworks({ abortSignal }), { signal });
    const name = networkName(serverId);
    if (networks.some((network) => network.Name === name)) return;
    const taken = [
      ...networks.flatMap((network) => network.IPAM?.Config ?? []).flatMap((config) => config.Subnet ?? []),
      ...hostNetworks(),
    ];
    for (const subnet of freeSubnets(pool, taken, serverId)) {
      if (await create(serverId, subnet, signal)) return;
    }
    throw errors.networks_exhausted({ pool, server_id: serverId });
  };

  /** False when somebody took the subnet meanwhile. */
  const create = (serverId: string, subnet: string, signal?: AbortSignal): Promise<boolean> =>
    call(
      'create network',
      async (abortSignal) => {
        await docker.createNetwork({
          Name: networkName(serverId),
          CheckDuplicate: true,
          Driver: 'bridge',
          IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
          Labels: { [LABELS.server]: serverId, [LABELS.node]: nodeId },
          abortSignal,
        });
        return true;
      },
      {
        signal,
        recover: ({ status, reason }) => {
          if (/overlap/i.test(reason)) return { value: false };
          return status === 409 ? { value: true } : undefined;
        },
      },
    );

  const release = (serverId: string, signal?: AbortSignal): Promise<void> =>
    lock(serverId, async () => {
      const filters = { label: [`${LABELS.server}=${serverId}`] };
      const containers = await call(
        'list containers',
        (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }),
        { signal },
      );
      if (containers.length > 0) return;
      await call('remove network', (abortSignal) => docker.getNetwork(networkName(serverId)).remove({ abortSignal }), {
        signal,
        // 403: a container that is not ours has joined it; the sweep tries again later.
        recover: ({ status }) => (status === 404 || status === 403 ? { value: undefined } : undefined),
      });
    });

  const sweep = async (signal?: AbortSignal): Promise<void> => {
    const filters = { label: nodeFilter(nodeId) };
    const options = { signal };
    const networks = await call(
      'list networks',
      (abortSignal) => docker.listNetworks({ filters, abortSignal }),
      options,
    );
    for (const network of networks) {
      const serverId = network.Labels?.[LABELS.server];
      if (serverId !== undefined) await release(serverId, signal);
    }
  };

  return { ensure, release, sweep };
}

/** Networks that this machine is itself part of; a bridge over one of them would cut it off. */
function hostNetworks(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).flatMap((a) => a.cidr ?? []));
}
