/**
 * The live channel: Socket.IO at `/live`. A client subscribes to rooms and gets every event of them, also those that happened
 * while it was away if it says `since`.
 */
import type { Server as HttpServer } from 'node:http';
import type { Logger } from 'pino';
import { Server } from 'socket.io';
import type { Clock } from '../../actors/ports.ts';
import type { LiveEvent, Principal } from '../../actors/types.ts';
import type { Conductor } from '../../conductor/types.ts';
import type { Authenticate } from '../auth.ts';
import { errors } from '../errors.ts';
import type { HttpLimits } from '../limits.ts';
import type { SecretNames } from '../mask.ts';
import type { Metrics } from '../metrics.ts';
import { type ProblemDocument, problemOf } from '../problem.ts';
import { LiveEvent as LiveEventSchema } from '../schemas/actor.ts';
import { eventView } from '../views.ts';
import { encoder } from '../wire.ts';
import { serveClient } from './client.ts';
import { type ClientMessages, type Envelope, Handshake, type LiveSocket, type ServerMessages } from './protocol.ts';
import type { Subscriber } from './subscriber.ts';

export interface LiveDeps {
  readonly conductor: Conductor;
  readonly authenticate: Authenticate;
  readonly secretNames: SecretNames;
  readonly limits: HttpLimits;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** A new id, for what is said in the log about a client's request. */
  id(): string;
  readonly clock: Clock;
}

export interface LiveChannel {
  /** Says goodbye to everyone. They will come back with `since`. */
  close(): void;
}

/** Largest message of a client: a subscription to every room it may be in. */
const MESSAGE_BYTES = 64 * 1024;
/** How long a connection may stay without saying who it is. */
const HANDSHAKE_MS = 10_000;

const encode = encoder(LiveEventSchema);

export function openLive(http: HttpServer, deps: LiveDeps): LiveChannel {
  const io = new Server<ClientMessages, ServerMessages, Record<string, never>, { principal: Principal }>(http, {
    path: '/live',
    serveClient: false,
    maxHttpBufferSize: MESSAGE_BYTES,
    connectTimeout: HANDSHAKE_MS,
  });
  const subscribers = new Set<Subscriber>();

  // Events are encoded once, however many hear them.
  let last: { readonly event: LiveEvent; readonly envelope: Envelope } | null = null;
  const envelope = (event: LiveEvent) => {
    if (last?.event !== event) last = { event, envelope: encode(eventView(event, deps.secretNames)) };
    return last.envelope;
  };

  io.use((socket, next) => {
    const principal = deps.authenticate(tokenOf(socket));
    if (principal === null) return next(refusal(deps.id()));
    socket.data.principal = principal;
    next();
  });

  io.on('connection', (socket) => {
    const subscriber = serveClient(socket, socket.data.principal, envelope, deps);
    subscribers.add(subscriber);
    deps.metrics.live(subscribers.size);
    socket.once('disconnect', () => {
      subscribers.delete(subscriber);
      deps.metrics.live(subscribers.size);
    });
  });

  const stop = deps.conductor.onEvent((event) => {
    for (const subscriber of subscribers) subscriber.hear(event);
  });

  return {
    close() {
      stop();
      io.disconnectSockets(true);
      io.engine.close();
    },
  };
}

function tokenOf(socket: LiveSocket): string {
  const handshake = Handshake.safeParse(socket.handshake.auth);
  const header = /^Bearer +(\S+)$/i.exec(socket.handshake.headers.authorization ?? '')?.[1];
  return (handshake.success ? handshake.data.token : undefined) ?? header ?? '';
}

/** What `connect_error` gives the client: the message is the code, `data` the problem document. */
function refusal(requestId: string): Error & { data: ProblemDocument } {
  const problem = problemOf(errors.unauthenticated({ reason: 'Connect with auth { token }.' }), requestId);
  return Object.assign(new Error(problem.code), { data: problem });
}
