/** What a container says and hears. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type Docker from 'dockerode';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import { call, type DockerFailure, openStream, translate } from './client.ts';
import { inspectRaw } from './inspect.ts';
import { readOutput } from './lines.ts';

/** The last lines, oldest first; none when the container is gone. */
export async function logTail(
  docker: Docker,
  containerId: string,
  lines: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const output = await call<Buffer>(
    'read logs',
    (abortSignal) =>
      docker.getContainer(containerId).logs({ follow: false, stdout: true, stderr: true, tail: lines, abortSignal }),
    { signal, recover: (failure) => (isGone(failure) ? { value: Buffer.alloc(0) } : undefined) },
  );
  const tail: string[] = [];
  await readOutput(docker, Readable.from(output.length > 0 ? [output] : []), (line) => tail.push(line));
  return tail.slice(-lines);
}

/** Until the container ends or the signal aborts; neither is an error, nor is a container that is gone. */
export async function followLogs(
  docker: Docker,
  containerId: string,
  tail: number,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const stream = await openStream(
      'follow logs',
      (abortSignal) =>
        docker.getContainer(containerId).logs({ follow: true, stdout: true, stderr: true, tail, abortSignal }),
      {
        signal,
        recover: (failure) => {
          if (isGone(failure)) throw errors.container_gone({ container_id: containerId });
          return undefined;
        },
      },
    );
    await readOutput(docker, stream, (line) => signal.aborted || onLine(line));
  } catch (thrown) {
    if (signal.aborted || (thrown instanceof BatonError && thrown.code === errors.container_gone.code)) return;
    throw translate('follow logs', thrown);
  }
}

/** 409: it is dead or being removed. */
const isGone = ({ status }: DockerFailure): boolean => status === 404 || status === 409;

/**
 * Writes one line, and returns when Docker has taken it.
 *
 * @throws `container_gone`, `container_not_running`, `stdin_closed`
 */
export async function writeStdin(
  docker: Docker,
  containerId: string,
  line: string,
  signal?: AbortSignal,
): Promise<void> {
  // Docker lets one attach to a container that is stopped or has no input, and drops what one writes.
  const found = await inspectRaw(docker, containerId, signal);
  if (found === null) throw errors.container_gone({ container_id: containerId });
  if (!found.State.Running) throw errors.container_not_running({ container_id: containerId });
  if (!found.Config.OpenStdin) throw errors.stdin_closed({ container_id: containerId });
  await call(
    'write stdin',
    async (abortSignal) => {
      const socket = await docker
        .getContainer(containerId)
        .attach({ stream: true, stdin: true, hijack: true, abortSignal });
      socket.end(`${line}\n`);
      // Docker closes its side after it has passed everything on.
      socket.resume();
      await finished(socket);
    },
    { signal },
  );
}
