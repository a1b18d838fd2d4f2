import type { z } from 'zod';
import type { LiveEvent, Principal } from '../../actors/types.ts';
import { errors, invalidRequest } from '../errors.ts';
import { asBatonError, problemOf } from '../problem.ts';
import { followConsole } from './console.ts';
import type { LiveDeps } from './index.ts';
import { socketPipe } from './pipe.ts';
import { type Ack, type Envelope, Handshake, type LiveSocket, Subscribe, Unsubscribe } from './protocol.ts';
import { consoleOf, serverOf } from './rooms.ts';
import { createSubscriber, type Subscriber } from './subscriber.ts';

/** Answers what one connected client asks, until it disconnects. */
export function serveClient(
  socket: LiveSocket,
  principal: Principal,
  envelope: (event: LiveEvent) => Envelope,
  deps: LiveDeps,
): Subscriber {
  const { conductor, limits, log, metrics } = deps;
  const pipe = socketPipe(socket, {
    drainMs: limits.drainMs,
    send: (event) => socket.emit('event', envelope(event)),
    slow: () => {
      metrics.slowClient();
      log.warn({ socket: socket.id }, 'a live client did not keep up and was sent away');
    },
  });
  const subscriber = createSubscriber(principal, pipe, conductor.reads, limits);
  const consoles = new Map<string, () => void>();
  const handshake = Handshake.safeParse(socket.handshake.auth);

  const follow = (room: string, serverId: string, tail: number) => {
    if (consoles.has(room)) return;
    const stop = followConsole(serverId, tail, {
      conductor,
      clock: deps.clock,
      busy: () => pipe.pending() > limits.liveQueue / 2,
      send: ({ lines, dropped }) =>
        pipe.send({
          seq: 0,
          type: 'server.log',
          at: new Date(deps.clock.now()),
          subject: { kind: 'server', id: serverId },
          ownerId: null,
          data: { lines, dropped },
        }),
      failed: (thrown) => log.warn({ err: thrown, server_id: serverId }, 'a console cannot be followed just now'),
    });
    consoles.set(room, stop);
  };

  const inRooms = () => [...subscriber.rooms(), ...consoles.keys()];

  answer(socket, 'subscribe', Subscribe, deps, async ({ rooms, since, tail }) => {
    const asked = [...new Set(rooms)];
    const events = asked.filter((room) => consoleOf(room) === null);
    const logs = asked.filter((room) => consoleOf(room) !== null);
    if (new Set([...inRooms(), ...asked]).size > limits.rooms) throw errors.too_many_rooms({ limit: limits.rooms });
    if (new Set([...consoles.keys(), ...logs]).size > limits.consoles) {
      throw errors.too_many_rooms({ limit: limits.consoles });
    }
    await Promise.all(asked.map((room) => mayHear(room, principal, deps)));
    const from = since ?? (handshake.success ? handshake.data.since : undefined);
    const seq = events.length > 0 ? await subscriber.join(events, from) : null;
    if (!socket.connected) throw errors.not_found({ kind: 'connection', id: socket.id });
    for (const room of logs) follow(room, consoleOf(room) ?? '', tail);
    return { ok: true, rooms: inRooms(), seq };
  });

  answer(socket, 'unsubscribe', Unsubscribe, deps, async ({ rooms }) => {
    await subscriber.leave(rooms);
    for (const room of rooms) {
      consoles.get(room)?.();
      consoles.delete(room);
    }
    return { ok: true, rooms: inRooms(), seq: null };
  });

  socket.once('disconnect', () => {
    for (const stop of consoles.values()) stop();
    consoles.clear();
  });
  return subscriber;
}

/** Throws `not_found` for a server that is not there or not the caller's, `forbidden` for rooms of operators. */
async function mayHear(room: string, principal: Principal, { conductor }: LiveDeps): Promise<void> {
  const serverId = serverOf(room);
  if (serverId === null) {
    if (room.startsWith('node:') && !principal.admin) throw errors.forbidden();
    return;
  }
  const row = await conductor.reads.server(serverId, { includeDeleted: true });
  // Someone who watches a server while it is purged comes back with `since` and must hear how it ended.
  const gone = row === null && principal.admin && consoleOf(room) === null;
  const own = row !== null && (principal.admin || row.ownerId === principal.accountId);
  if (!own && !gone) throw errors.not_found({ kind: 'server', id: serverId });
}

/** Validates a message, and answers it or says what is wrong with it. */
function answer<S extends z.ZodType>(
  socket: LiveSocket,
  message: 'subscribe' | 'unsubscribe',
  schema: S,
  deps: LiveDeps,
  act: (request: z.output<S>) => Promise<Ack>,
): void {
  socket.on(message, async (request: unknown, ack?: (answer: Ack) => void) => {
    const reply = (content: Ack) => typeof ack === 'function' && ack(content);
    try {
      const parsed = schema.safeParse(request);
      if (!parsed.success) {
        throw invalidRequest(
          parsed.error.issues.map(({ path, message: text }) => ({ path: path.join('.'), message: text })),
        );
      }
      reply(await act(parsed.data));
    } catch (thrown) {
      const requestId = deps.id();
      const error = asBatonError(thrown, requestId);
      if (error.status >= 500)
        deps.log.error({ err: error.cause ?? error, request_id: requestId }, `${message} failed`);
      reply({ ok: false, error: problemOf(error, requestId) });
    }
  });
}
