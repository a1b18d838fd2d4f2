/** Ending a container: stopped, killed, removed. Each may be done twice, and returns when it has happened. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ContainerInfo } from '../../conductor/interfaces/engine.ts';
import { errors } from '../errors.ts';
import { call, type DockerFailure, SLOW_CALL_DEADLINE_MS } from './client.ts';
import { inspectContainer } from './inspect.ts';
import type { Networks } from './networks.ts';
import type { StopRequests } from './stop-requests.ts';

/** Docker needs a moment for a container that was told to die; a busy disk makes it longer. */
const END_DEADLINE_MS = 30_000;
const END_POLL_MS = 50;

/** Docker itself waits out the grace and kills, so that the kill comes also when we die meanwhile. */
export async function stopContainer(
  docker: Docker,
  containerId: string,
  graceMs: number,
  signal?: AbortSignal,
): Promise<ContainerInfo | null> {
  await call<void>(
    'stop container',
    (abortSignal) => docker.getContainer(containerId).stop({ t: Math.ceil(graceMs / 1000), abortSignal }),
    { signal, deadlineMs: graceMs + SLOW_CALL_DEADLINE_MS, recover: alreadyEnded },
  );
  return untilEnded(docker, containerId, signal);
}

export async function killContainer(
  docker: Docker,
  requests: StopRequests,
  containerId: string,
  signal?: AbortSignal,
): Promise<ContainerInfo | null> {
  requests.expectKill(containerId);
  await call<void>(
    'kill container',
    (abortSignal) => docker.getContainer(containerId).kill({ signal: 'SIGKILL', abortSignal }),
    {
      signal,
      recover(failure) {
        const ended = alreadyEnded(failure);
        if (ended !== undefined) requests.withdrawKill(containerId);
        return ended;
      },
    },
  );
  return untilEnded(docker, containerId, signal);
}

/** With it goes what only it used: anonymous volumes of the image, and the network if it was the server's last. */
export async function removeContainer(docker: Docker, networks: Networks, containerId: string, signal?: AbortSignal) {
  const info = await inspectContainer(docker, containerId, signal);
  if (info === null) return;
  await call<void>(
    'remove container',
    (abortSignal) => docker.getContainer(containerId).remove({ force: true, v: true, abortSignal }),
    {
      signal,
      deadlineMs: SLOW_CALL_DEADLINE_MS,
      // 409: somebody else is removing it already.
      recover: ({ status }) => (status === 404 || status === 409 ? { value: undefined } : undefined),
    },
  );
  await until(docker, containerId, (left) => left === null, signal);
  await networks.release(info.serverId, signal);
}

/** 304 and 409: it is not running; 404: it is gone. The look that follows tells which. */
const alreadyEnded = ({ status }: DockerFailure): { value: undefined } | undefined =>
  status === 304 || status === 404 || status === 409 ? { value: undefined } : undefined;

const untilEnded = (docker: Docker, containerId: string, signal?: AbortSignal) =>
  until(docker, containerId, (info) => info === null || info.state === 'exited' || info.state === 'created', signal);

/** Docker answers a kill before the process is gone, and has no way to wait for a removal that somebody else began. */
async function until(
  docker: Docker,
  containerId: string,
  done: (info: ContainerInfo | null) => boolean,
  signal?: AbortSignal,
): Promise<ContainerInfo | null> {
  for (let waitedMs = 0; waitedMs < END_DEADLINE_MS; waitedMs += END_POLL_MS) {
    const info = await inspectContainer(docker, containerId, signal);
    if (done(info)) return info;
    await sleep(END_POLL_MS, undefined, { signal });
  }
  throw errors.engine_timeout({ call: 'end container', seconds: END_DEADLINE_MS / 1000 });
}
