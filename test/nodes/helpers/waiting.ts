/** Waiting for what happens, never for a time. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineEvent } from '../../../src/conductor/interfaces/engine.ts';

const DEADLINE_MS = 60_000;
const POLL_MS = 20;

/** Asks again and again until the answer is neither false nor null, and returns it. */
export async function eventually<T>(what: string, ask: () => Promise<T> | T): Promise<Exclude<T, false | null>> {
  for (let waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += POLL_MS) {
    const answer = await ask();
    if (answer !== false && answer !== null) return answer as Exclude<T, false | null>;
    await sleep(POLL_MS);
  }
  throw new Error(`this did not happen within ${DEADLINE_MS / 1000} s: ${what}`);
}

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
