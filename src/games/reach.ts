/** How a game is reached: at its container's own address, or by way of the machine that it runs on. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GameTarget } from '../conductor/interfaces/games.ts';

/**
 * Connects by TCP to a port inside the container. Destroy the connection when done; an error of it that nobody waits for is
 * nobody's business.
 *
 * @throws an ordinary error when the container does not run or nothing listens, or the signal's reason
 */
export async function dial({ engine, container }: GameTarget, port: number, signal: AbortSignal): Promise<Duplex> {
  const { address } = container;
  if (address === null) throw new Error('the container is not running');
  if (engine.remote) return (await engine.remote.dial(address, port, signal)).on('error', () => {});
  const socket = connect({ host: address, port, noDelay: true }).on('error', () => {});
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw error;
  }
}

/** Where a port is reached by what goes without a connection, which no tunnel carries. Throws as {@link dial} does. */
export function publicAddress(
  { engine, container, containerPorts, hostPorts }: GameTarget,
  name: string,
): { readonly host: string; readonly port: number } {
  const host = engine.remote ? engine.remote.hostname : container.address;
  const port = engine.remote ? hostPorts[name] : containerPorts[name];
  if (host === null || container.address === null) throw new Error('the container is not running');
  if (port === undefined) throw new Error(`it has no port "${name}"`);
  return { host, port };
}
