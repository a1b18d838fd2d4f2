/**
 * The node's book of room, purely: who has it, who gave it back, who waits. Every reservation bears its server's epoch, so
 * that requests and releases may come late, twice or in the wrong order without harm.
 */
import { availableMb, systemReserveMb, usableMb, withoutReservation, withReservation } from './capacity.ts';
import type { NodeContext, Placement, Reservation } from './types.ts';

type Waiting = NodeContext['waiting'];

/** How many purged servers are remembered: far more than can have a request under way. */
const FORGOTTEN_MAX = 100;

/** The context with what depends on the number of reservations. */
const settle = (context: NodeContext): NodeContext => ({
  ...context,
  reserveRamMb: systemReserveMb(context.ramMb, Object.keys(context.reservations).length),
});

const without = (waiting: Waiting, serverId: string): Waiting => waiting.filter((one) => one.serverId !== serverId);

/** In its old place when it waits already, since the first to come is the first to be told. */
const withWaiting = (waiting: Waiting, serverId: string, ramMb: number): Waiting =>
  waiting.some((one) => one.serverId === serverId)
    ? waiting.map((one) => (one.serverId === serverId ? { serverId, ramMb } : one))
    : [...waiting, { serverId, ramMb }];

export interface Answer {
  readonly context: NodeContext;
  readonly placement: Placement;
}

/**
 * Gives a server room for its epoch. Twice is once; a newer epoch takes the place of the older one, which stays when there
 * is no room for the newer; an older one, one that was given back, or a purged server's is refused.
 */
export function reserve(context: NodeContext, serverId: string, reservation: Reservation): Answer {
  const { epoch, ramMb } = reservation;
  const settled = held(context, serverId, epoch);
  if (settled !== undefined) return settled;
  const room = { ...context, reservations: withoutReservation(context, serverId) };
  const available = availableMb(room);
  if (ramMb > available) {
    const most = usableMb({ ...context, reservations: {} }, 1);
    const reason =
      ramMb > most
        ? `It needs ${ramMb} MB, and ${context.name} has ${most} MB even when it is empty.`
        : `It needs ${ramMb} MB, and ${context.name} has ${available} MB free.`;
    return turnDown(context, serverId, ramMb, reason);
  }
  const reservations = withReservation(room, serverId, reservation);
  const waiting = without(context.waiting, serverId);
  return { context: settle({ ...context, reservations, waiting }), placement: { placed: true } };
}

/** The answer that does not depend on room: it has it for this epoch, or the epoch is over. Undefined for a new request. */
export function held(context: NodeContext, serverId: string, epoch: number): Answer | undefined {
  const present = context.reservations[serverId]?.epoch;
  if (present === epoch) return { context, placement: { placed: true } };
  const isOver = epoch < (present ?? 0) || epoch <= (context.released[serverId] ?? -1);
  if (!isOver && !context.forgotten.includes(serverId)) return undefined;
  return { context, placement: { placed: false, reason: `Epoch ${epoch} of the server is over.` } };
}

/** Gives no room, and remembers who wanted some. */
export const turnDown = (context: NodeContext, serverId: string, ramMb: number, reason: string): Answer => ({
  context: { ...context, waiting: withWaiting(context.waiting, serverId, ramMb) },
  placement: { placed: false, reason },
});

export interface Freed {
  readonly context: NodeContext;
  /** Servers that waited and fit now, in order. They are told, and wait no more. */
  readonly fitting: readonly string[];
}

/** Takes the room of this epoch or an older one back, and the server off the waiting list. Twice is once. */
export function release(context: NodeContext, serverId: string, epoch: number): Freed {
  const held = context.reservations[serverId];
  if (held !== undefined && held.epoch > epoch) return { context, fitting: [] };
  const released = { ...context.released, [serverId]: Math.max(epoch, context.released[serverId] ?? 0) };
  const reservations = withoutReservation(context, serverId);
  return tellFitting({ ...context, released, reservations, waiting: without(context.waiting, serverId) });
}

/** Removes all that is known of a server that is purged, for good: its id never comes again. */
export function forget(context: NodeContext, serverId: string): Freed {
  const { [serverId]: _, ...released } = context.released;
  const reservations = withoutReservation(context, serverId);
  const forgotten = [...context.forgotten.filter((id) => id !== serverId), serverId].slice(-FORGOTTEN_MAX);
  return tellFitting({ ...context, released, forgotten, reservations, waiting: without(context.waiting, serverId) });
}

/** The machine has another size. What is reserved stays, even when it is too much now. */
export const sized = (context: NodeContext, ramMb: number, cpus: number): NodeContext =>
  settle({ ...context, ramMb, cpus });

/** One that does not fit holds up none behind it; those told share what is free, since each may come for its part. */
export function tellFitting(context: NodeContext): Freed {
  let room: NodeContext = context;
  const fitting: string[] = [];
  for (const { serverId, ramMb } of context.waiting) {
    const others = { ...room, reservations: withoutReservation(room, serverId) };
    if (ramMb > availableMb(others)) continue;
    fitting.push(serverId);
    room = { ...others, reservations: withReservation(others, serverId, { epoch: 0, ramMb, cpu: 0 }) };
  }
  const waiting = context.waiting.filter(({ serverId }) => !fitting.includes(serverId));
  return { context: settle({ ...context, waiting }), fitting };
}
