import type { Socket } from 'socket.io';
import { z } from 'zod';
import { httpLimits } from '../limits.ts';
import type { ProblemDocument } from '../problem.ts';
import type { LiveEvent } from '../schemas/actor.ts';
import { Room } from './rooms.ts';

const rooms = z.array(Room).min(1).max(httpLimits.rooms);
const seq = z.int().min(0);

/** What a client sends when it connects. `since` holds for what it subscribes to without one of its own. */
export const Handshake = z.object({ token: z.string().optional(), since: seq.optional() });

/** `subscribe`; `tail` is for consoles: how many lines from before. */
export const Subscribe = z.strictObject({
  rooms,
  since: seq.optional(),
  tail: z.int().min(0).max(httpLimits.logLinesMax).default(100),
});

export const Unsubscribe = z.strictObject({ rooms });

/** The answer to both: the rooms the client is in now, and up to which `seq` it has heard them. */
export type Ack =
  | { readonly ok: true; readonly rooms: readonly string[]; readonly seq: number | null }
  | { readonly ok: false; readonly error: ProblemDocument };

export interface ClientMessages {
  subscribe(request: unknown, ack?: (answer: Ack) => void): void;
  unsubscribe(request: unknown, ack?: (answer: Ack) => void): void;
}

export type Envelope = z.output<typeof LiveEvent>;

export interface ServerMessages {
  event(envelope: Envelope): void;
}

export type LiveSocket = Socket<ClientMessages, ServerMessages>;
