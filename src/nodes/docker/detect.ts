/** Is there a Docker engine, and if not, what should its owner do? */
import type { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';
import { call, connect } from './client.ts';

export type Detection =
  | { readonly available: true; readonly version: string }
  /** `reason` is a sentence for people; `error` what the engine would throw. */
  | { readonly available: false; readonly reason: string; readonly error: BatonError };

const DETECT_DEADLINE_MS = 5_000;

/** Asks the engine at `host` (as in `DOCKER_HOST`; absent: the environment's, else the local socket). Never throws. */
export async function detectDocker(host?: string, deadlineMs = DETECT_DEADLINE_MS): Promise<Detection> {
  const place = host ?? process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  try {
    const { Version } = await call('version', () => connect(host).version(), { deadlineMs });
    return { available: true, version: Version };
  } catch (thrown) {
    const reason = explain(place, thrown);
    const error = errors.engine_unavailable({ reason: reason.replace(/\.$/, '') }, { cause: thrown });
    return { available: false, reason, error };
  }
}

function explain(place: string, thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  const { code } = (cause ?? {}) as { code?: unknown };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  switch (code) {
    case 'ENOENT':
      return `There is no Docker socket at ${place}: Docker is not installed, or not started.`;
    case 'EACCES':
    case 'EPERM':
      return `This user may not use the Docker socket at ${place}: add the user to the group "docker", or run as root.`;
    case 'ECONNREFUSED':
      return `Nothing answers at ${place}: the Docker daemon is not running.`;
    case 'ERR_INVALID_URL':
      return `"${place}" is no address of a Docker engine: it should look like unix:///var/run/docker.sock or tcp://127.0.0.1:2375.`;
    default:
      return `Docker at ${place} cannot be used: ${message}`;
  }
}
