/** One question over UDP, and its answer. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** A datagram may be lost, so the question is asked again after so long. */
const RESEND_MS = 500;

/**
 * Opens a socket that talks to one address, hands it over and closes it. The first error of the socket (such as "port
 * unreachable") is thrown.
 *
 * @throws the signal's reason
 */
export async function withUdp<T>(
  host: string,
  port: number,
  signal: AbortSignal,
  talk: (ask: (question: Buffer) => Promise<Buffer>, socket: Socket) => Promise<T>,
): Promise<T> {
  const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4' });
  // Who waits for an answer hears of errors; one that comes when nobody waits must not end the process.
  socket.on('error', () => {});
  try {
    const connected = once(socket, 'connect', { signal });
    socket.connect(port, host);
    await connected;
    return await talk((question) => ask(socket, question, signal), socket);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    socket.close();
  }
}

async function ask(socket: Socket, question: Buffer, signal: AbortSignal): Promise<Buffer> {
  const answered = once(socket, 'message', { signal });
  socket.send(question);
  const again = setInterval(() => socket.send(question), RESEND_MS);
  try {
    const [answer] = await answered;
    return answer;
  } finally {
    clearInterval(again);
  }
}
