/** Making and starting a container. Either may be done twice. */
import type Docker from 'dockerode';
import type { ContainerInfo, ContainerSpec } from '../../conductor/interfaces/engine.ts';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import { call, type DockerFailure, SLOW_CALL_DEADLINE_MS } from './client.ts';
import { containerInfo, createOptions } from './container.ts';
import { inspectContainer, inspectRaw } from './inspect.ts';
import { containerName } from './labels.ts';
import type { KeyedLock } from './lock.ts';
import type { Networks } from './networks.ts';

export interface Parts {
  readonly docker: Docker;
  readonly networks: Networks;
  /** By server id: its network must not be removed while a container is being made on it. */
  readonly lock: KeyedLock;
}

/**
 * Makes the container and its network, or returns the one that is there.
 *
 * @throws `image_not_found`, `data_dir_missing`, `container_name_taken`, `networks_exhausted`
 */
export async function createContainer(parts: Parts, spec: ContainerSpec, signal?: AbortSignal): Promise<ContainerInfo> {
  try {
    return await parts.lock(spec.serverId, () => findOrMake(parts, spec, signal));
  } catch (thrown) {
    // A network was perhaps made for nothing. If this fails as well, the next sweep takes the network away.
    const final = thrown instanceof BatonError && thrown.retry === 'permanent';
    if (final) await parts.networks.release(spec.serverId, signal).catch(() => undefined);
    throw thrown;
  }
}

async function findOrMake({ docker, networks }: Parts, spec: ContainerSpec, signal?: AbortSignal) {
  const there = await existing(docker, spec, signal);
  if (there !== null) return there;
  const options = createOptions(spec, await networks.ensure(spec.serverId, signal));
  await call<void>(
    'create container',
    async (abortSignal) => void (await docker.createContainer({ ...options, abortSignal })),
    { signal, deadlineMs: SLOW_CALL_DEADLINE_MS, recover: (failure) => createFailure(spec, failure) },
  );
  const made = await existing(docker, spec, signal);
  if (made === null) throw errors.container_gone({ container_id: containerName(spec.serverId, spec.epoch) });
  return made;
}

/** The container of this name, if it is the right one. A name alone proves nothing. */
async function existing(docker: Docker, spec: ContainerSpec, signal?: AbortSignal): Promise<ContainerInfo | null> {
  const name = containerName(spec.serverId, spec.epoch);
  const found = await inspectRaw(docker, name, signal);
  if (found === null) return null;
  const info = containerInfo(found);
  if (info?.serverId !== spec.serverId || info.epoch !== spec.epoch || info.nodeId !== spec.nodeId) {
    throw errors.container_name_taken({ name });
  }
  return info;
}

function createFailure(spec: ContainerSpec, { status, reason }: DockerFailure): { value: undefined } | undefined {
  if (/no such image/i.test(reason)) {
    throw errors.image_not_found({ image: spec.image, reason: 'it is not on this machine' });
  }
  if (/bind source path does not exist/i.test(reason)) throw errors.data_dir_missing({ path: spec.dataDir });
  // Made meanwhile, by a call of ours whose answer was lost: the inspection that follows decides whether it is ours.
  return status === 409 ? { value: undefined } : undefined;
}

/** @throws `port_in_use`, `container_gone` */
export async function startContainer(parts: Parts, containerId: string, signal?: AbortSignal): Promise<void> {
  const start = () =>
    call<'started' | 'no network'>(
      'start container',
      async (abortSignal) => {
        await parts.docker.getContainer(containerId).start({ abortSignal });
        return 'started';
      },
      { signal, deadlineMs: SLOW_CALL_DEADLINE_MS, recover: (failure) => startFailure(containerId, failure) },
    );
  if ((await start()) === 'started') return;
  await rejoinNetwork(parts, containerId, signal);
  if ((await start()) === 'no network') throw errors.engine_error({ call: 'start container', reason: 'no network' });
}

function startFailure(containerId: string, { status, reason }: DockerFailure) {
  if (status === 304) return { value: 'started' } as const;
  const port = busyPort(reason);
  if (port !== null) throw errors.port_in_use({ port });
  if (/network \S+ (not found|is ambiguous)/i.test(reason)) return { value: 'no network' } as const;
  if (status === 404) throw errors.container_gone({ container_id: containerId });
  return undefined;
}

/**
 * The port that Docker could not have, out of what versions 20 to 28 say; null when that was not the reason.
 * `Bind for 0.0.0.0:25565 failed: port is already allocated`,
 * `listen tcp4 0.0.0.0:25565: bind: address already in use`,
 * `failed to bind host port for 0.0.0.0:25565:172.17.0.2:25565/tcp: address already in use`.
 */
export function busyPort(reason: string): number | null {
  if (!/port is already allocated|address already in use/i.test(reason)) return null;
  const before = '(?:Bind for|listen (?:tcp|udp)[46]?|failed to bind host port(?: for)?)';
  const match = new RegExp(`${before} (?:\\[[^\\]]*\\]|[^\\s:]*):(\\d+)`, 'i').exec(reason);
  return match === null ? null : Number(match[1]);
}

/**
 * `docker network prune` takes the networks of stopped containers away, and the container remembers the old one's id; or
 * there are two of the name.
 */
async function rejoinNetwork({ docker, networks, lock }: Parts, containerId: string, signal?: AbortSignal) {
  const info = await inspectContainer(docker, containerId, signal);
  if (info === null) throw errors.container_gone({ container_id: containerId });
  await lock(info.serverId, async () => {
    const network = docker.getNetwork(await networks.ensure(info.serverId, signal));
    await call<void>('leave network', () => network.disconnect({ Container: containerId, Force: true }), {
      signal,
      // It knows the network that was pruned, and this one not yet: there is nothing to leave.
      recover: ({ reason }) => (/is not connected to/i.test(reason) ? { value: undefined } : undefined),
    });
    await call('join network', () => network.connect({ Container: containerId }), { signal });
  });
}
