import { io, type Socket } from 'socket.io-client';
import { type Client, Refusal } from './client.ts';
import { errors } from './errors.ts';
import { findServer } from './find.ts';
import { print, say } from './output.ts';
import type { Envelope, Problem } from './wire.ts';

type Answer = { readonly ok: true; readonly seq: number | null } | { readonly ok: false; readonly error: Problem };

/** Prints a server's console until the process is ended. Rejects when Baton refuses. */
export const followLogs = (client: Client, serverId: string, tail: number, json: boolean): Promise<never> =>
  listen(client, [`logs:${serverId}`], tail, (event) => {
    if (json) return print(JSON.stringify(event));
    const { lines, dropped } = event.data as { lines: string[]; dropped: number };
    if (dropped > 0) say(`(${dropped} lines were left out, they came too fast)`);
    for (const line of lines) print(line);
  });

/** Prints what happens, to one server or to the fleet, until the process is ended. */
export async function watch(client: Client, ref: string | undefined, { json }: { json?: boolean }): Promise<never> {
  const room = ref === undefined ? 'fleet' : `server:${await findServer(client, ref, 'there or deleted')}`;
  return listen(client, [room], 0, (event) => print(json ? JSON.stringify(event) : line(event)));
}

function line({ at, type, subject, data }: Envelope): string {
  if (type.endsWith('.status_changed')) {
    const { old_status: from, old_status_detail: fromDetail, status: to, status_detail: toDetail } = data;
    return `${at} ${type.padEnd(22)} ${subject.kind}/${subject.id} ${place(from, fromDetail)} → ${place(to, toDetail)}`;
  }
  const facts = Object.entries(data)
    .filter(([, value]) => value !== null && value !== undefined && typeof value !== 'object')
    .map(([name, value]) => `${name}=${String(value)}`);
  return [at, type.padEnd(22), `${subject.kind}/${subject.id}`, ...facts].join(' ');
}

const place = (status: unknown, detail: unknown): string => (detail ? `${status} (${detail})` : String(status));

/**
 * Hears rooms, over lost connections too: it comes back with the last number it heard, so nothing is missed.
 * Never resolves.
 */
function listen(client: Client, rooms: string[], tail: number, hear: (event: Envelope) => void): Promise<never> {
  const socket: Socket = io(client.url, { path: '/live', auth: { token: client.token ?? '' } });
  let since: number | undefined;
  let served = false;
  return new Promise((_, reject) => {
    const fail = (error: unknown) => {
      socket.disconnect();
      reject(error);
    };
    socket.on('connect', async () => {
      if (served) say('(connected again)');
      // Lines from before were printed already when it is not the first time.
      const asked = socket.emitWithAck('subscribe', { rooms, since, tail: served ? 0 : tail });
      served = true;
      // A connection that is lost before the answer is followed by another one, which asks again.
      const answer: Answer | null = await asked.catch(() => null);
      if (answer === null) return;
      if (!answer.ok && answer.error.code === 'events_gone') {
        say('(what happened meanwhile is no longer kept)');
        since = undefined;
        socket.disconnect().connect();
        return;
      }
      if (!answer.ok) return fail(new Refusal(answer.error));
      since = Math.max(since ?? 0, answer.seq ?? 0) || undefined;
    });
    socket.on('event', (event: Envelope) => {
      since = Math.max(since ?? 0, event.seq ?? 0) || undefined;
      hear(event);
    });
    socket.on('disconnect', (reason) => {
      say('(connection lost, trying again)');
      // The server's own goodbye is the one after which the library does not come back by itself.
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('connect_error', (error: Error & { data?: Problem }) => {
      if (error.data?.code) fail(new Refusal(error.data));
      else if (!served) fail(errors.unreachable({ url: client.url }, { cause: error }));
    });
  });
}
