/**
 * One bridge network per server, so that no server can talk to another's container and Baton reaches the console at the
 * container's own address without publishing it. A network lives as long as a container of its server does.
 *
 * Docker keeps names of networks apart only as long as nobody asks twice at once, which is what happens when Baton is killed
 * in the middle of asking and asks again. It then refuses to start what is on either, so surplus ones are removed.
 */
import { networkInterfaces } from 'node:os';
import type Docker from 'dockerode';
import { errors } from '../errors.ts';
import { call, SLOW_CALL_DEADLINE_MS } from './client.ts';
import { LABELS, networkName, nodeFilter } from './labels.ts';
import type { KeyedLock } from './lock.ts';
import { freeSubnets } from './subnets.ts';

export interface Networks {
  /**
   * Makes the server's network unless it is there, sees to it that it is the only one of its name, and returns its id.
   * Call it with the server's lock held.
   * Throws `networks_exhausted`.
   */
  ensure(serverId: string, signal?: AbortSignal): Promise<string>;
  /** Removes the server's network unless a container of the server is left. */
  release(serverId: string, signal?: AbortSignal): Promise<void>;
  /** Releases every network of this node whose server has no container, such as after `docker rm` by hand. */
  sweep(signal?: AbortSignal): Promise<void>;
}

/** Networks in CIDR form that a machine is part of; a bridge over one of them would cut it off. */
export type HostNetworks = (signal?: AbortSignal) => Promise<readonly string[]>;

export interface NetworkSettings {
  readonly nodeId: string;
  /** Private IPv4 network in CIDR form that the servers' subnets are cut from. */
  readonly pool: string;
  readonly hostNetworks: HostNetworks;
}

export function createNetworks(
  docker: Docker,
  lock: KeyedLock,
  { nodeId, pool, hostNetworks }: NetworkSettings,
): Networks {
  const list = (signal?: AbortSignal) =>
    call('list networks', (abortSignal) => docker.listNetworks({ abortSignal }), { signal });

  const ensure = async (serverId: string, signal?: AbortSignal): Promise<string> => {
    const networks = await list(signal);
    const [oldest, ...surplus] = networks
      .filter((network) => network.Name === networkName(serverId))
      .toSorted((a, b) => (a.Created < b.Created ? -1 : 1));
    for (const { Id } of surplus) await remove(Id, signal);
    if (oldest !== undefined) return oldest.Id;
    const taken = [
      ...networks.flatMap((network) => network.IPAM?.Config ?? []).flatMap((config) => config.Subnet ?? []),
      ...(await hostNetworks(signal)),
    ];
    for (const subnet of freeSubnets(pool, taken, serverId)) {
      const made = await create(serverId, subnet, signal);
      if (made !== null) return made;
    }
    throw errors.networks_exhausted({ pool, server_id: serverId });
  };

  /** The new network's id, or null when somebody took the subnet meanwhile. */
  const create = (serverId: string, subnet: string, signal?: AbortSignal) =>
    call<string | null>(
      'create network',
      async (abortSignal) => {
        const network = await docker.createNetwork({
          Name: networkName(serverId),
          Driver: 'bridge',
          IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
          Labels: { [LABELS.server]: serverId, [LABELS.node]: nodeId },
          abortSignal,
        });
        return network.id;
      },
      {
        signal,
        deadlineMs: SLOW_CALL_DEADLINE_MS,
        recover: ({ reason }) => (/overlap/i.test(reason) ? { value: null } : undefined),
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
      for (const { Name, Id } of await list(signal)) {
        if (Name === networkName(serverId)) await remove(Id, signal);
      }
    });

  const remove = (networkId: string, signal?: AbortSignal) =>
    call<void>('remove network', (abortSignal) => docker.getNetwork(networkId).remove({ abortSignal }), {
      signal,
      deadlineMs: SLOW_CALL_DEADLINE_MS,
      // 403: a container that is not ours has joined it; the sweep tries again later.
      recover: ({ status }) => (status === 404 || status === 403 ? { value: undefined } : undefined),
    });

  const sweep = async (signal?: AbortSignal): Promise<void> => {
    const filters = { label: nodeFilter(nodeId) };
    const networks = await call('list networks', (abortSignal) => docker.listNetworks({ filters, abortSignal }), {
      signal,
    });
    for (const network of networks) {
      const serverId = network.Labels?.[LABELS.server];
      if (serverId !== undefined) await release(serverId, signal);
    }
  };

  return { ensure, release, sweep };
}

/** Those of the machine that Baton runs on. */
export const ownNetworks: HostNetworks = async () =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).flatMap((a) => a.cidr ?? []));
