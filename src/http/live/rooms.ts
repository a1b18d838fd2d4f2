import { z } from 'zod';
import type { LiveEvent } from '../../actors/types.ts';

/** `fleet` hears everything; `server:<id>` and `node:<id>` what is about one; `logs:<id>` a server's console. */
export const Room = z.union([
  z.enum(['fleet', 'migrations', 'queue']),
  z.string().regex(/^(server|node|logs):[\w.-]{1,64}$/, 'is not a room'),
]);

/** The id of the server whose console a room gives; null for other rooms. */
export const consoleOf = (room: string): string | null =>
  room.startsWith('logs:') ? room.slice('logs:'.length) : null;

/** The id of the server that a room is about; null for other rooms. */
export const serverOf = (room: string): string | null => /^(?:server|logs):(.+)$/.exec(room)?.[1] ?? null;

const isSubject = (value: unknown): value is { kind: string; id: string } =>
  typeof value === 'object' && value !== null && 'kind' in value && 'id' in value;

/** The rooms in which an event is heard. */
export function roomsOf({ type, subject, data }: LiveEvent): readonly string[] {
  const rooms = ['fleet', `${subject.kind}:${subject.id}`];
  // What happens to an operation or a migration is heard in the room of the server it is about.
  const { target, server_id: serverId } = data;
  const about = isSubject(target) ? target : { kind: 'server', id: serverId };
  if (typeof about.id === 'string' && about.id !== subject.id) rooms.push(`${about.kind}:${about.id}`);
  if (type.startsWith('migration.')) rooms.push('migrations');
  if (type.startsWith('queue.')) rooms.push('queue');
  return rooms;
}
