/**
 * Valve's RCON, as Minecraft, Project Zomboid and others speak it. The libraries on npm lose what an answer of several
 * packets says after the first, or take each TCP segment for a packet.
 * https://developer.valvesoftware.com/wiki/Source_RCON_Protocol
 */
import { addAbortSignal, type Duplex } from 'node:stream';

const TYPE_AUTH = 3;
const TYPE_AUTH_RESPONSE = 2;
const TYPE_COMMAND = 2;
const TYPE_RESPONSE = 0;
const ID = { auth: 1, command: 2, end: 3 };
const ID_REFUSED = -1;
/** Servers split answers at about 4 KiB. A packet that is not nearly full is the last one. */
const FULL_PACKET_BYTES = 3700;
const MAX_PACKET_BYTES = 2 ** 20;

interface Packet {
  readonly id: number;
  readonly type: number;
  readonly body: Buffer;
}

/** Thrown when the server is there but does not take the password: asking again does not help. */
export class RconRefused extends Error {}

/**
 * Logs in, runs one command and returns its whole answer.
 *
 * @throws {@link RconRefused}, an ordinary error when the connection fails, or the signal's reason
 */
export async function rcon(
  connection: Duplex,
  password: string,
  command: string,
  signal: AbortSignal,
): Promise<string> {
  addAbortSignal(signal, connection);
  try {
    const packets = receive(connection);
    await logIn(connection, packets, password);
    return await run(connection, packets, command);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

async function logIn(connection: Duplex, packets: AsyncGenerator<Packet>, password: string): Promise<void> {
  send(connection, ID.auth, TYPE_AUTH, password);
  for (;;) {
    const { id, type } = await next(packets);
    // Some servers send an empty response before the one that counts.
    if (type !== TYPE_AUTH_RESPONSE) continue;
    if (id === ID_REFUSED) throw new RconRefused('the console does not take the password');
    return;
  }
}

/**
 * Only an answer that may go on is asked for its end, by an empty packet whose answer comes last: some servers close the
 * connection when two packets reach them at once.
 */
async function run(connection: Duplex, packets: AsyncGenerator<Packet>, command: string): Promise<string> {
  send(connection, ID.command, TYPE_COMMAND, command);
  const bodies: Buffer[] = [];
  let askedForEnd = false;
  for (;;) {
    const { id, body } = await next(packets);
    if (id === ID.end) break;
    if (id !== ID.command) continue;
    bodies.push(body);
    if (askedForEnd) continue;
    if (body.length < FULL_PACKET_BYTES) break;
    send(connection, ID.end, TYPE_RESPONSE, '');
    askedForEnd = true;
  }
  return Buffer.concat(bodies).toString('utf8');
}

/** A packet: its length, id, type, text, and two zero bytes, the length counting all but itself. */
function send(connection: Duplex, id: number, type: number, text: string): void {
  const body = Buffer.from(text, 'utf8');
  const bytes = Buffer.alloc(body.length + 14);
  bytes.writeInt32LE(body.length + 10, 0);
  bytes.writeInt32LE(id, 4);
  bytes.writeInt32LE(type, 8);
  body.copy(bytes, 12);
  connection.write(bytes);
}

async function* receive(connection: Duplex): AsyncGenerator<Packet> {
  let received = Buffer.alloc(0);
  for await (const chunk of connection) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4) {
      const length = received.readInt32LE(0);
      if (length < 10 || length > MAX_PACKET_BYTES) throw new Error('the answer is not in the RCON protocol');
      if (received.length < 4 + length) break;
      yield { id: received.readInt32LE(4), type: received.readInt32LE(8), body: received.subarray(12, 2 + length) };
      received = received.subarray(4 + length);
    }
  }
}

async function next(packets: AsyncGenerator<Packet>): Promise<Packet> {
  const { done, value } = await packets.next();
  if (done) throw new Error('the console hung up');
  return value;
}
