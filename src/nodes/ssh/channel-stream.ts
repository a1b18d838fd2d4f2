/**
 * A forwarded channel as a stream that ends as sockets do. ssh2's own channels take a lost connection for a clean end, and
 * keep a writer waiting for ever once the other side has closed.
 */
import { Duplex } from 'node:stream';
import type { Channel } from 'ssh2';

/** What Node's HTTP client wants of a socket besides being a stream; a channel has no use for any of it. */
const SOCKET_METHODS = ['setKeepAlive', 'setNoDelay', 'setTimeout', 'ref', 'unref'] as const;

export function channelStream(channel: Channel): Duplex {
  const stream: Duplex = new Duplex({
    read: () => void channel.resume(),
    write: (chunk: Buffer, _encoding, done) => void channel.write(chunk, done),
    final(done) {
      channel.end();
      done();
    },
    destroy(error, done) {
      channel.close();
      // What is still on its way must be taken out of the channel, or it never reports its end.
      channel.resume();
      done(error);
    },
  });
  channel.on('data', (chunk: Buffer) => {
    if (!stream.push(chunk)) channel.pause();
  });
  channel.on('end', () => stream.push(null));
  channel.on('error', (error: Error) => stream.destroy(error));
  channel.on('close', () => {
    if (stream.readableEnded) stream.destroy();
    else stream.once('end', () => stream.destroy());
  });
  for (const name of SOCKET_METHODS) Object.assign(stream, { [name]: () => stream });
  return stream;
}
