/** A console that speaks RCON on loopback, with the habits of real servers. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export const PASSWORD = 'secret';

export interface Habits {
  /** Answer to a command, already cut into packets. Null: never answers. */
  readonly answer?: (command: string) => readonly string[] | null;
  /** Source servers send an empty response before they answer a login. */
  readonly emptyBeforeLogin?: boolean;
  /** Minecraft closes the connection when two packets come in one segment. */
  readonly onePacketPerRead?: boolean;
  /** Writes byte by byte, so that packets arrive in pieces. */
  readonly inPieces?: boolean;
}

export interface RconServer {
  readonly port: number;
  /** Commands that were run. */
  readonly commands: readonly string[];
  readonly connections: () => number;
  close(): void;
}

export async function rconServer(habits: Habits = {}): Promise<RconServer> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      const packets = split(bytes);
      if (habits.onePacketPerRead && packets.length > 1) return socket.destroy();
      for (const packet of packets) reply(socket, packet);
    });
  });
  const reply = (socket: Socket, { id, type, text }: { id: number; type: number; text: string }) => {
    const send = (packets: readonly Buffer[]) => {
      const bytes = Buffer.concat(packets);
      if (!habits.inPieces) socket.write(bytes);
      else for (const byte of bytes) socket.write(Buffer.from([byte]));
    };
    if (type === 3) {
      const empty = habits.emptyBeforeLogin ? [packet(id, 0, '')] : [];
      send([...empty, packet(text === PASSWORD ? id : -1, 2, '')]);
    } else if (type === 2) {
      commands.push(text);
      const parts = habits.answer ? habits.answer(text) : [`you said ${text}`];
      if (parts) send(parts.map((part) => packet(id, 0, part)));
    } else {
      send([packet(id, 0, `Unknown request ${type}`)]);
    }
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    connections: () => sockets.size,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function packet(id: number, type: number, text: string): Buffer {
  const body = Buffer.from(`${text}\0\0`, 'utf8');
  const bytes = Buffer.alloc(12);
  bytes.writeInt32LE(8 + body.length, 0);
  bytes.writeInt32LE(id, 4);
  bytes.writeInt32LE(type, 8);
  return Buffer.concat([bytes, body]);
}

function split(bytes: Buffer): { id: number; type: number; text: string }[] {
  const packets = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32LE(at)) {
    const text = bytes.toString('utf8', at + 12, at + 2 + bytes.readInt32LE(at));
    packets.push({ id: bytes.readInt32LE(at + 4), type: bytes.readInt32LE(at + 8), text });
  }
  return packets;
}
