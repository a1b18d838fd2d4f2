/** What is there: one container, or all of this node's. */
import type Docker from 'dockerode';
import pMap from 'p-map';
import type { ContainerInfo } from '../../conductor/interfaces/engine.ts';
import { call } from './client.ts';
import { containerInfo } from './container.ts';
import { nodeFilter } from './labels.ts';

/** Enough to hide the latency, few enough to leave Docker its breath on a node with hundreds of servers. */
const CONCURRENCY = 8;

/** Docker's own record, by id or name; null when it is gone. */
export const inspectRaw = (docker: Docker, idOrName: string, signal?: AbortSignal) =>
  call<Docker.ContainerInspectInfo | null>(
    'inspect container',
    (abortSignal) => docker.getContainer(idOrName).inspect({ abortSignal }),
    { signal, recover: ({ status }) => (status === 404 ? { value: null } : undefined) },
  );

/**
 * By id or name; null when it is gone or not Baton's. One that is just being removed is gone: `docker rm -f` ends it first, and
 * who saw that moment would take it for a crash.
 */
export async function inspectContainer(
  docker: Docker,
  idOrName: string,
  signal?: AbortSignal,
): Promise<ContainerInfo | null> {
  const inspected = await inspectRaw(docker, idOrName, signal);
  return inspected === null || inspected.State.Status === 'removing' ? null : containerInfo(inspected);
}

/** All of this node's containers. Docker's list leaves exit code, memory and times out, so each is looked at. */
export async function inventory(docker: Docker, nodeId: string, signal?: AbortSignal): Promise<ContainerInfo[]> {
  const filters = { label: nodeFilter(nodeId) };
  const listed = await call(
    'list containers',
    (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }),
    { signal },
  );
  const infos = await pMap(listed, ({ Id }) => inspectContainer(docker, Id, signal), { concurrency: CONCURRENCY });
  return infos.filter((info) => info !== null);
}
