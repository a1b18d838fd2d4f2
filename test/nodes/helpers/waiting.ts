/** Waiting for what happens, never for a time. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { EngineEvent } from '../../../src/conductor/interfaces/engine.ts';
import { eventually } from '../../eventually.ts';

export { eventually };

/** Collects the events of one container or server and waits for one. */
export function eventLog() {
  const seen: EngineEvent[] = [];
  const of = (subject: string) => seen.filter((e) => e.containerId === subject || e.serverId === subject);
  return {
    listener: (event: EngineEvent) => void seen.push(event),
    of,
    until: (subject: string, type: EngineEvent['type']): Promise<EngineEvent> =>
      eventually(`${type} of ${subject}`, () => of(subject).findLast((event) => event.type === type) ?? null),
  };
}

/** A TCP port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
