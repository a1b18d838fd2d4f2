/**
 * Minecraft's server list ping: handshake, status request, one JSON answer. The protocol is the same since 1.7. The
 * libraries that speak it cannot be aborted, are GPL, or bring hundreds of megabytes.
 * https://minecraft.wiki/w/Java_Edition_protocol/Server_List_Ping
 */
import { addAbortSignal, type Duplex } from 'node:stream';
import { z } from 'zod';
import type { GameStatus } from '../../conductor/interfaces/games.ts';

/** Whom the player says he calls; a server that does not sort players by name takes no notice of it. */
const CALLED = { host: 'baton', port: 25565 };
/** Says "any version": servers answer a status request with their own. */
const PROTOCOL_ANY = -1;
const NEXT_STATE_STATUS = 1;
/** The packet with the answer and the one that asks have the same id. */
const STATUS_PACKET = 0;
/** A server's icon comes with the answer; more than this nobody sends who means well. */
const MAX_ANSWER_BYTES = 2 ** 20;

const answerSchema = z.object({
  version: z.object({ name: z.string() }).optional(),
  players: z
    .object({
      online: z.int(),
      max: z.int(),
      sample: z.array(z.object({ name: z.string() })).nullish(),
    })
    .optional(),
});

/** Asks a server who is there. Throws an ordinary error when it does not answer, or the signal's reason. */
export async function minecraftStatus(connection: Duplex, signal: AbortSignal): Promise<GameStatus> {
  addAbortSignal(signal, connection);
  try {
    connection.write(Buffer.concat([handshake(CALLED.host, CALLED.port), packet(varInt(STATUS_PACKET))]));
    let received = Buffer.alloc(0);
    for await (const chunk of connection) {
      received = Buffer.concat([received, chunk]);
      if (received.length > MAX_ANSWER_BYTES) throw new Error('the answer to the status request is too long');
      const answer = statusAnswer(received);
      if (answer !== null) return toStatus(answer);
    }
    throw new Error('the server hung up before it answered');
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

function handshake(host: string, port: number): Buffer {
  const portBytes = Buffer.alloc(2);
  portBytes.writeUInt16BE(port);
  return packet(varInt(STATUS_PACKET), varInt(PROTOCOL_ANY), text(host), portBytes, varInt(NEXT_STATE_STATUS));
}

/** The JSON text, or null while it has not arrived whole: length, packet id, length of the text, text. */
function statusAnswer(received: Buffer): string | null {
  const length = readVarInt(received, 0);
  if (!length || received.length < length.end + length.value) return null;
  const id = readVarInt(received, length.end);
  const textLength = id && readVarInt(received, id.end);
  if (id?.value !== STATUS_PACKET || !textLength) throw new Error('the answer is not a status response');
  return received.toString('utf8', textLength.end, textLength.end + textLength.value);
}

function toStatus(json: string): GameStatus {
  const { players, version } = answerSchema.parse(JSON.parse(json));
  return {
    players: players?.online ?? null,
    playersMax: players?.max ?? null,
    playerNames: players?.sample?.map(({ name }) => name) ?? [],
    version: version?.name ?? null,
  };
}

function packet(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varInt(body.length), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([varInt(bytes.length), bytes]);
}

/** Seven bits a byte, least first; the eighth says that more follow. Negative numbers take all 32 bits. */
function varInt(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const more = rest > 0x7f;
    bytes.push((rest & 0x7f) | (more ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

/** The number at `offset` and where it ends, or null when the bytes are not all there. */
function readVarInt(bytes: Buffer, offset: number): { readonly value: number; readonly end: number } | null {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return null;
    value |= (byte & 0x7f) << (7 * index);
    if ((byte & 0x80) === 0) return { value, end: offset + index + 1 };
  }
  throw new Error('the answer is not in the Minecraft protocol');
}
