/** One connection to a machine, and the channels in it. */
import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { type Channel, Client, type ClientChannel } from 'ssh2';
import type { BatonError } from '../../errors.ts';
import { unlessAborted } from '../abort.ts';
import { errors } from '../errors.ts';
import type { SshLimits } from '../limits.ts';
import { channelStream } from './channel-stream.ts';
import { addressText, explain, type SshAddress } from './explain.ts';
import { algorithmsFor, pinOf } from './host-key.ts';

export interface SshConnection {
  /** The key that the machine has shown, as `pinOf` writes it. */
  readonly hostKey: string;
  readonly user: string;
  /** Aborts with a `BatonError` when the connection is over. */
  readonly over: AbortSignal;
  /** Starts a command by the user's shell. */
  exec(command: string, signal?: AbortSignal): Promise<ClientChannel>;
  /** Connects to a unix socket of the machine. */
  dialSocket(path: string, signal?: AbortSignal): Promise<Duplex>;
  /** Connects to an address as the machine sees it. */
  dialTcp(address: string, port: number, signal?: AbortSignal): Promise<Duplex>;
  /** Ends the connection with everything in it. */
  close(reason: BatonError): void;
}

export interface ConnectionOptions {
  readonly address: SshAddress;
  /** In a form that OpenSSH or PuTTY writes, without a passphrase. */
  readonly privateKey: string;
  /** The only host key to accept; null to accept any, which only a first bootstrap may. */
  readonly pin: string | null;
  readonly limits: SshLimits;
  readonly signal?: AbortSignal;
}

/** RFC 4254: the machine's settings forbid it. */
const PROHIBITED = 1;

/**
 * Connects and logs in.
 *
 * @throws `node_unreachable`, `node_auth_failed`, `node_key_unusable`, `host_key_changed`, or the signal's reason
 */
export async function openConnection(options: ConnectionOptions): Promise<SshConnection> {
  const { address, pin, limits, signal } = options;
  signal?.throwIfAborted();
  const client = new Client();
  const over = new AbortController();
  // Every command and stream in the connection listens.
  setMaxListeners(0, over.signal);
  client.on('error', (error) => over.abort(explain(error, address, pin, limits.connectMs / 1000)));
  client.on('close', () => over.abort(errors.connection_lost({ address: addressText(address) })));
  let hostKey = '';
  const verify = (key: Buffer): boolean => {
    hostKey = pinOf(key);
    if (pin === null || pin === hostKey) return true;
    over.abort(errors.host_key_changed({ address: addressText(address), found: hostKey, pinned: pin }));
    return false;
  };
  const ready = new Promise<void>((resolve) => client.once('ready', resolve));
  try {
    logIn(client, options, verify);
    await unlessAborted(ready, signal, over.signal);
  } catch (thrown) {
    client.destroy();
    throw thrown;
  }
  return { ...channelsOf(client, over.signal, limits), hostKey, user: address.user, over: over.signal, close };

  function close(reason: BatonError): void {
    over.abort(reason);
    client.end();
    // A machine that is gone takes no goodbye.
    client.destroy();
  }
}

function logIn(client: Client, options: ConnectionOptions, hostVerifier: (key: Buffer) => boolean): void {
  const { address, privateKey, pin, limits } = options;
  try {
    client.connect({
      host: address.hostname,
      port: address.port,
      username: address.user,
      privateKey,
      hostVerifier,
      readyTimeout: limits.connectMs,
      keepaliveInterval: limits.keepAliveMs,
      keepaliveCountMax: limits.keepAliveMisses,
      ...(pin === null ? {} : { algorithms: { serverHostKey: algorithmsFor(pin) } }),
    });
    client.setNoDelay(true);
  } catch (thrown) {
    // It reads the key before it does anything else.
    const reason = thrown instanceof Error ? thrown.message.replace(/^Cannot parse privateKey: /, '') : String(thrown);
    throw errors.node_key_unusable({ reason }, { cause: thrown });
  }
}

type Opened<T> = (error: Error | undefined, channel: T) => void;

function channelsOf(client: Client, over: AbortSignal, { channelMs }: SshLimits) {
  const streams = new Set<Duplex>();
  over.addEventListener('abort', () => {
    for (const stream of streams) stream.destroy(over.reason);
  });

  /** Opens a channel. One that comes after nobody waits for it any more is closed again. */
  const open = async <T extends Channel>(what: string, ask: (opened: Opened<T>) => void, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    over.throwIfAborted();
    const late = AbortSignal.timeout(channelMs);
    let wanted = true;
    const opened = new Promise<T>((resolve, reject) => {
      ask((error, channel) => {
        if (error) reject(error);
        else if (wanted) resolve(channel);
        else channel.close();
      });
    });
    try {
      return await unlessAborted(opened, over, signal, late);
    } catch (thrown) {
      wanted = false;
      signal?.throwIfAborted();
      over.throwIfAborted();
      if (late.aborted) throw errors.command_timeout({ command: what, seconds: channelMs / 1000 });
      throw thrown;
    }
  };

  const dial = async (what: string, ask: (opened: Opened<Channel>) => void, signal?: AbortSignal): Promise<Duplex> => {
    const channel = await open(`connect to ${what}`, ask, signal).catch((thrown: unknown) => {
      throw refusedChannel(what, thrown);
    });
    const stream = channelStream(channel);
    streams.add(stream);
    return stream.once('close', () => streams.delete(stream));
  };

  return {
    exec: (command: string, signal?: AbortSignal) =>
      open<ClientChannel>('open a session', (opened) => client.exec(command, opened), signal),
    dialSocket: (path: string, signal?: AbortSignal) =>
      dial(path, (opened) => client.openssh_forwardOutStreamLocal(path, opened), signal),
    dialTcp: (address: string, port: number, signal?: AbortSignal) =>
      dial(`${address}:${port}`, (opened) => client.forwardOut('127.0.0.1', 0, address, port, opened), signal),
  };
}

/** sshd was asked for a connection from the machine to somewhere, and said no. */
function refusedChannel(what: string, thrown: unknown): unknown {
  const { reason } = (thrown ?? {}) as { reason?: unknown };
  if (typeof reason !== 'number') return thrown;
  if (reason === PROHIBITED) return errors.forwarding_forbidden({ to: what }, { cause: thrown });
  return errors.forwarding_failed({ to: what }, { cause: thrown });
}
