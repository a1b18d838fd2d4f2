/**
 * The one way in which Baton talks to Docker: every call has a deadline, obeys its signal, and fails with an error of the
 * catalogue.
 */
import { Agent, type IncomingMessage } from 'node:http';
import Docker from 'dockerode';
import { BatonError } from '../../errors.ts';
import { errors } from '../errors.ts';

/** What Docker, or the way to it, said when a call failed. */
export interface DockerFailure {
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Docker's own message, or the system's. */
  readonly reason: string;
}

export interface CallOptions<T> {
  readonly signal?: AbortSignal | undefined;
  /** Default {@link CALL_DEADLINE_MS}. */
  readonly deadlineMs?: number;
  /**
   * Looks at a failure before it becomes an `engine_*` error: gives a value to answer with instead, throws a better
   * error, or returns undefined to leave it.
   */
  readonly recover?: (failure: DockerFailure) => { readonly value: T } | undefined;
}

/** Long enough for a disk that is busy with another server's world, short enough that nobody waits on the dead. */
export const CALL_DEADLINE_MS = 20_000;

/** For what makes Docker work: layers, namespaces, firewall rules, which it does one after the other for all who ask. */
export const SLOW_CALL_DEADLINE_MS = 60_000;

/**
 * Connects to `host`, in the form of `DOCKER_HOST` (`unix:///var/run/docker.sock`, `tcp://127.0.0.1:2375`); without it to
 * what the environment says, else to the local socket. An agent brings connections of its own. Nothing is sent yet.
 */
export const connect = (host?: string | Agent): Docker => new Docker(optionsFor(host));

/**
 * The same, but each call opens a connection of its own. An engine that is about to end takes none any more, while it still
 * answers on those that it has.
 */
export function connectAnew(host?: string | Agent): Docker {
  const options = optionsFor(host);
  const agent = new Agent({ keepAlive: false });
  if (typeof host === 'object') agent.createConnection = host.createConnection.bind(host);
  return new Docker({ ...options, agent } as Docker.DockerOptions);
}

/** dockerode's own types leave the agent out, which it hands on. */
function optionsFor(host: string | Agent | undefined): Docker.DockerOptions & { readonly agent?: Agent } {
  if (host === undefined) return {};
  // Who is asked does not matter any more: the agent knows only one.
  if (typeof host === 'object') return { host: 'docker', port: 80, protocol: 'http', agent: host };
  const url = new URL(host);
  // `host` must be named even when it is empty, since dockerode prefers the one of the environment.
  if (url.protocol === 'unix:') return { socketPath: url.pathname, host: undefined };
  // An address of IPv6 stands in brackets in a URL, and nowhere else.
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: url.port, protocol: 'http' };
}

/**
 * Runs one call of dockerode. `name` is what errors call it.
 *
 * @throws the signal's reason when it aborts, `engine_timeout`, `engine_unavailable`, `engine_refused` or `engine_error`
 */
export async function call<T>(
  name: string,
  run: (signal: AbortSignal) => Promise<T>,
  { signal, deadlineMs = CALL_DEADLINE_MS, recover }: CallOptions<T> = {},
): Promise<T> {
  signal?.throwIfAborted();
  const deadline = AbortSignal.timeout(deadlineMs);
  const either = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
  try {
    // dockerode forgets to answer when a connection breaks in the middle of a response.
    return await Promise.race([run(either), rejectOnAbort(either)]);
  } catch (thrown) {
    signal?.throwIfAborted();
    if (deadline.aborted) throw errors.engine_timeout({ call: name, seconds: deadlineMs / 1000 }, { cause: thrown });
    if (thrown instanceof BatonError) throw thrown;
    const recovered = recover?.(failureOf(thrown));
    if (recovered !== undefined) return recovered.value;
    throw translate(name, thrown);
  }
}

/**
 * Opens a stream: the deadline holds until Docker answers, the signal until the stream has ended. Destroy it when done.
 *
 * @throws as {@link call}
 */
export async function openStream(
  name: string,
  run: (signal: AbortSignal) => Promise<NodeJS.ReadableStream>,
  options: CallOptions<never> & { readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const given = new AbortController();
  const either = AbortSignal.any([options.signal, given.signal]);
  try {
    // What dockerode calls a readable stream is the response itself, also where its types do not say so.
    return (await call<NodeJS.ReadableStream>(name, () => run(either), options)) as IncomingMessage;
  } catch (thrown) {
    given.abort();
    throw thrown;
  }
}

/** Makes an `engine_*` error of whatever dockerode or a stream of its threw. */
export function translate(name: string, thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  const { status, reason } = failureOf(thrown);
  const options = { cause: thrown };
  if (status === null) return errors.engine_unavailable({ reason }, options);
  if (status >= 400 && status < 500) return errors.engine_refused({ call: name, reason }, options);
  return errors.engine_error({ call: name, reason }, options);
}

export function failureOf(thrown: unknown): DockerFailure {
  if (!(thrown instanceof Error)) return { status: null, reason: String(thrown) };
  const { statusCode, json } = thrown as Error & { statusCode?: unknown; json?: unknown };
  const said = typeof json === 'object' && json !== null && 'message' in json ? String(json.message) : thrown.message;
  // Of a failed stream dockerode only keeps its own message, with Docker's behind a prefix.
  const reason = said.replace(/^\(HTTP code \d+\) .*? - /, '').trim();
  return { status: typeof statusCode === 'number' ? statusCode : null, reason: reason.replace(/\.$/, '') };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
