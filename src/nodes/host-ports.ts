/** Which ports of this machine some process holds already, whether Baton's or not. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, isIPv6 } from 'node:net';
import { type Protocol, portKey } from '../conductor/interfaces/engine.ts';
import { errors } from './errors.ts';

/**
 * Of the given ports, those that cannot be published on `publishAddress`, by `portKey`. The kernel's table comes first,
 * because it also knows ports held on another address; where there is none (not Linux), and for what it does not show,
 * the port is bound for a moment.
 *
 * @throws `publish_address_invalid` when this machine does not have the address
 */
export async function hostPortsTaken(
  publishAddress: string,
  ports: readonly { protocol: Protocol; host: number }[],
): Promise<ReadonlySet<string>> {
  const listed = await kernelPorts();
  const taken = new Set<string>();
  for (const { protocol, host } of ports) {
    const key = portKey(protocol, host);
    if (listed.has(key) || !(await canBind(publishAddress, protocol, host))) taken.add(key);
  }
  return taken;
}

/** Local ports of all TCP listeners and UDP sockets, by `portKey`; empty where the kernel has no such table. */
async function kernelPorts(): Promise<Set<string>> {
  const tables = (['tcp', 'udp'] as const).flatMap((protocol) =>
    [protocol, `${protocol}6`].map(async (name) => listenersIn(await table(name), protocol)),
  );
  return new Set((await Promise.all(tables)).flat());
}

const table = (name: string): Promise<string> => readFile(`/proc/net/${name}`, 'utf8').catch(() => '');

/** Column 1 is `address:port` in hex, column 3 the state: 0A listens, 07 is a UDP socket that is bound. */
function listenersIn(text: string, protocol: Protocol): string[] {
  const wanted = protocol === 'tcp' ? '0A' : '07';
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === wanted)
    .map((columns) => portKey(protocol, Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)));
}

async function canBind(address: string, protocol: Protocol, port: number): Promise<boolean> {
  try {
    await (protocol === 'tcp' ? bindTcp : bindUdp)(address, port);
    return true;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return false;
    // We may not bind it, but Docker may; the kernel's table has said that nobody else does.
    if (code === 'EACCES') return true;
    throw errors.publish_address_invalid({ address }, { cause: thrown });
  }
}

async function bindTcp(address: string, port: number): Promise<void> {
  const server = createServer().listen({ host: address, port, exclusive: true });
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

async function bindUdp(address: string, port: number): Promise<void> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, 'listening');
  } finally {
    socket.close();
  }
}
