/** Images: are they there, where they come from, and how far a pull is. */
import type Docker from 'dockerode';
import { z } from 'zod';
import type { ImageConfig, PullProgress } from '../../conductor/interfaces/engine.ts';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import { call, type DockerFailure, failureOf, openStream } from './client.ts';
import { readLines } from './lines.ts';
import { createPullProgress, type LayerReport } from './pull-progress.ts';

/** The image's labels, or null when it is not on this machine. */
export const imageLabels = (docker: Docker, image: string, signal?: AbortSignal) =>
  call<Readonly<Record<string, string>> | null>(
    'inspect image',
    async () => (await docker.getImage(image).inspect()).Config.Labels ?? {},
    { signal, recover: ({ status }) => (status === 404 ? { value: null } : undefined) },
  );

const pullLine = z.object({
  id: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
});

/**
 * Pulls until the image is there. Takes as long as the signal lets it; when that aborts, Docker drops the pull.
 *
 * @throws `image_not_found`, `registry_unavailable`, `engine_unavailable`, or the signal's reason
 */
export async function pullImage(
  docker: Docker,
  image: string,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const fail = (failure: DockerFailure) => pullError(image, failure);
  const progress = createPullProgress();
  let failed: BatonError | undefined;
  try {
    const stream = await openStream(
      'pull image',
      (abortSignal) => docker.pull(image, { abortSignal }),
      // Docker answers only once it has heard from the registry, which may take as long as the pull.
      { signal, deadlineMs: PULL_ANSWER_DEADLINE_MS, recover: (failure) => throwing(fail(failure)) },
    );
    await readLines(stream, (line) => {
      const { error, ...report } = pullLine.parse(JSON.parse(line));
      if (error !== undefined) failed ??= fail({ status: 500, reason: error });
      else onProgress(progress(report satisfies LayerReport));
    });
  } catch (thrown) {
    signal.throwIfAborted();
    throw thrown instanceof BatonError ? thrown : fail(failureOf(thrown));
  }
  if (failed !== undefined) throw failed;
  if ((await imageLabels(docker, image, signal)) === null) {
    throw errors.registry_unavailable({ image, reason: 'the pull ended before the image was whole' });
  }
}

const PULL_ANSWER_DEADLINE_MS = 120_000;

const throwing = (error: BatonError): never => {
  throw error;
};

/**
 * Registries and Docker have no codes for this, only sentences. What says that the image is not there, may not be pulled
 * or has no form for this machine will say so again; everything else is the network, or the registry's bad day.
 */
export function pullError(image: string, { status, reason }: DockerFailure): BatonError {
  if (status === null) return errors.engine_unavailable({ reason });
  const permanent =
    status === 404 ||
    status === 400 ||
    /not found|manifest unknown|no matching manifest|access denied|unauthorized|name unknown/i.test(reason);
  return permanent ? errors.image_not_found({ image, reason }) : errors.registry_unavailable({ image, reason });
}

/**
 * Makes an image out of a root filesystem by `docker import`. Docker gives it its name after it has stored all of it.
 *
 * @throws `engine_refused` when the tar is broken, else as {@link call}
 */
export async function loadImage(
  docker: Docker,
  image: string,
  rootfs: NodeJS.ReadableStream,
  config: ImageConfig,
  signal: AbortSignal,
): Promise<void> {
  const [repo, tag] = splitReference(image);
  const former = await imageId(docker, image, signal);
  const stream = await openStream(
    'import image',
    (abortSignal) => docker.importImage(rootfs, { repo, tag, changes: changesOf(config), abortSignal }),
    { signal, deadlineMs: IMPORT_ANSWER_DEADLINE_MS },
  );
  let failure: string | undefined;
  await readLines(stream, (line) => {
    failure ??= pullLine.parse(JSON.parse(line)).error;
  });
  if (failure !== undefined) throw errors.engine_refused({ call: 'import image', reason: failure });
  if (former !== null && former !== (await imageId(docker, image, signal))) await dropImage(docker, former, signal);
}

const imageId = (docker: Docker, image: string, signal: AbortSignal) =>
  call<string | null>('inspect image', async () => (await docker.getImage(image).inspect()).Id, {
    signal,
    recover: ({ status }) => (status === 404 ? { value: null } : undefined),
  });

/** The former image has lost its name to the new one; without this it would fill the disk unseen. */
const dropImage = (docker: Docker, id: string, signal: AbortSignal) =>
  call<void>('remove image', (abortSignal) => docker.getImage(id).remove({ abortSignal }), {
    signal,
    // 409: a container is still made from it, or it has another name.
    recover: ({ status }) => (status === 404 || status === 409 ? { value: undefined } : undefined),
  });

/** Docker answers an import after it has read the whole tar, which waits for whoever writes it. */
const IMPORT_ANSWER_DEADLINE_MS = 15 * 60_000;

/** A colon after the last slash begins the tag; one before it belongs to the registry's port. */
function splitReference(image: string): [repo: string, tag: string] {
  const colon = image.lastIndexOf(':');
  return colon > image.lastIndexOf('/') ? [image.slice(0, colon), image.slice(colon + 1)] : [image, 'latest'];
}

/** The configuration as Dockerfile instructions, the only form in which an import takes it. */
function changesOf({ entrypoint, cmd, env, user, exposedPorts, labels }: ImageConfig): string[] {
  return [
    `ENTRYPOINT ${JSON.stringify(entrypoint)}`,
    `CMD ${JSON.stringify(cmd)}`,
    ...Object.entries(env).map(([name, value]) => `ENV ${name}=${quoted(value)}`),
    ...Object.entries(labels).map(([name, value]) => `LABEL ${quoted(name)}=${quoted(value)}`),
    ...exposedPorts.map((port) => `EXPOSE ${port.container}/${port.protocol}`),
    ...(user === '' ? [] : [`USER ${user}`]),
  ];
}

/** A Dockerfile expands `$NAME` inside double quotes, and takes a backslash as the way out. */
const quoted = (value: string): string => `"${value.replace(/[\\"$]/g, '\\$&')}"`;
