import type { LiveEvent } from '../../actors/types.ts';
import type { LiveSocket } from './protocol.ts';
import type { Pipe } from './subscriber.ts';

interface PipeOptions {
  /** Longest time without progress, in milliseconds. */
  readonly drainMs: number;
  send(event: LiveEvent): void;
  slow(): void;
}

/** The way to a client of Socket.IO. What waits is counted in packets that its transport has not taken. */
export function socketPipe(socket: LiveSocket, { drainMs, send, slow }: PipeOptions): Pipe {
  const { conn } = socket;
  // Engine.IO keeps its buffer to itself; these events tell when a packet goes in and when all went out.
  let waiting = 0;
  conn.on('packetCreate', () => {
    waiting += 1;
  });
  conn.on('flush', () => {
    waiting = 0;
  });
  const tooSlow = () => {
    if (conn.readyState !== 'open') return;
    slow();
    // Without the flag it would wait until everything has been sent, which is what a slow client does not let happen.
    conn.close(true);
  };

  const drained = () =>
    new Promise<void>((resolve, reject) => {
      if (waiting === 0) return resolve();
      const timer = setTimeout(tooSlow, drainMs);
      const settle = () => {
        clearTimeout(timer);
        conn.off('drain', settle);
        conn.off('close', settle);
        if (conn.readyState === 'open') resolve();
        else reject(new Error('The client is gone.'));
      };
      conn.once('drain', settle);
      conn.once('close', settle);
    });

  return { send, pending: () => waiting, drained, tooSlow };
}
