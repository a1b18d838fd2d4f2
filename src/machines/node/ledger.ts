/**
 * The node's book of room, purely: who has it, who gave it back. Every reservation bears its server's epoch, so that requests
 * and releases may come late, twice or in the wrong order without harm.
 *
 * A reservation begins as a start: its server holds it once it runs, or gives it back. One that does neither in time, because
 * whoever asked died, is taken back.
 */
import { type Resources, systemReserveMb } from '../../planner/fit.ts';
import { heldOn, shortage, startsMax, startsOn, withoutReservation } from './capacity.ts';
import type { NodeContext, Placement, Reservation } from './types.ts';

/** How many purged servers are remembered: far more than can have a request under way. */
const FORGOTTEN_MAX = 100;

/** The context with what depends on the number of reservations. */
const settle = (context: NodeContext): NodeContext => {
  const reserveRamMb = systemReserveMb(context.ramMb, heldOn(context).servers);
  return reserveRamMb === context.reserveRamMb ? context : { ...context, reserveRamMb };
};

const withReservation = (context: NodeContext, serverId: string, reservation: Reservation): NodeContext =>
  settle({ ...context, reservations: { ...context.reservations, [serverId]: reservation } });

/** What a server asks for, and how its start is bounded. */
export interface Request {
  readonly serverId: string;
  readonly epoch: number;
  readonly ask: Resources;
  /** When the room goes back unless the server holds it by then, Unix ms. */
  readonly startsUntil: number;
  /** 0: by the node's cores; null: as many as come. */
  readonly startsMax: number | null;
}

export interface Answer {
  readonly context: NodeContext;
  readonly placement: Placement;
}

/**
 * Gives a server room for its epoch. Twice is once; a newer epoch takes the place of the older one, which stays when there
 * is no room for the newer; an older one, one that was given back, or a purged server's is refused. Who has room here
 * already, as all have after the machine has booted, waits for his turn to start as everybody does, and keeps that room.
 */
export function reserve(context: NodeContext, request: Request): Answer {
  const { serverId, epoch, ask, startsUntil } = request;
  const settled = held(context, serverId, epoch);
  if (settled !== undefined) return settled;
  const before = context.reservations[serverId];
  const others = before === undefined ? context : { ...context, reservations: withoutReservation(context, serverId) };
  const short = shortage(others, ask);
  if (short !== null) return turnDown(context, short);
  if (request.startsMax !== null && startsOn(others) >= startsMax(context, request.startsMax)) {
    const reason = `As many servers as may start on ${context.name} at once are doing so.`;
    return { context, placement: { placed: false, reason, busy: true } };
  }
  const kept = before !== undefined && (before.startsUntil === null || before.kept === true);
  const reservation = { ...ask, epoch, startsUntil, ...(kept && { kept }) };
  return { context: withReservation(others, serverId, reservation), placement: { placed: true } };
}

/** The answer that does not depend on room: it has it for this epoch, or the epoch is over. Undefined for a new request. */
export function held(context: NodeContext, serverId: string, epoch: number): Answer | undefined {
  const present = context.reservations[serverId]?.epoch;
  if (present === epoch) return { context, placement: { placed: true } };
  const isOver = epoch < (present ?? 0) || epoch <= (context.released[serverId] ?? -1);
  if (!isOver && !context.forgotten.includes(serverId)) return undefined;
  return turnDown(context, `Epoch ${epoch} of the server is over.`);
}

export const turnDown = (context: NodeContext, reason: string): Answer => ({
  context,
  placement: { placed: false, reason },
});

/**
 * The server's start is over, and the room is its own until it gives it back. The present reservation is what it was given,
 * so that stands. If it was taken back in the very moment in which the server came to run, it is written down again: the
 * container is there, whether it fits or not.
 */
export function hold(context: NodeContext, serverId: string, epoch: number, ask: Resources): NodeContext {
  const present = context.reservations[serverId];
  if (context.forgotten.includes(serverId) || epoch < Math.max(present?.epoch ?? 0, context.released[serverId] ?? 0)) {
    return context;
  }
  const { [serverId]: _, ...released } = context.released;
  return withReservation({ ...context, released }, serverId, { ...(present ?? ask), epoch, startsUntil: null });
}

/** Servers whose room is new or another, and those that have none any more. */
export interface RoomChanges {
  readonly given: readonly string[];
  readonly gone: readonly string[];
}

const NOTHING: RoomChanges = { given: [], gone: [] };
const lastChanges = new WeakMap<NodeContext['reservations'], readonly [NodeContext['reservations'], RoomChanges]>();

/** What a turn changed in a node's reservations. Whoever writes them and whoever follows them ask one after the other. */
export function roomChanges(before: NodeContext['reservations'], after: NodeContext['reservations']): RoomChanges {
  if (before === after) return NOTHING;
  const [asked, known] = lastChanges.get(after) ?? [];
  if (asked === before && known !== undefined) return known;
  const changes = {
    given: Object.keys(after).filter((serverId) => after[serverId] !== before[serverId]),
    gone: Object.keys(before).filter((serverId) => after[serverId] === undefined),
  };
  lastChanges.set(after, [before, changes]);
  return changes;
}

/** Takes the room of this epoch or an older one back. Twice is once. */
export function release(context: NodeContext, serverId: string, epoch: number): NodeContext {
  const present = context.reservations[serverId];
  if (present !== undefined && present.epoch > epoch) return context;
  const released = { ...context.released, [serverId]: Math.max(epoch, context.released[serverId] ?? 0) };
  return settle({ ...context, released, reservations: withoutReservation(context, serverId) });
}

/** The start of this epoch came to nothing. Room that the server held before stays, under the epoch that it has now. */
export function withdraw(context: NodeContext, serverId: string, epoch: number): NodeContext {
  const present = context.reservations[serverId];
  if (present?.epoch !== epoch || present.kept !== true) return release(context, serverId, epoch);
  return withReservation(context, serverId, { ...present, startsUntil: null });
}

/** Removes all that is known of a server that is purged, for good: its id never comes again. */
export function forget(context: NodeContext, serverId: string): NodeContext {
  const { [serverId]: _, ...released } = context.released;
  const forgotten = [...context.forgotten.filter((id) => id !== serverId), serverId].slice(-FORGOTTEN_MAX);
  return settle({ ...context, released, forgotten, reservations: withoutReservation(context, serverId) });
}

/** The machine's size, as far as it is known. What is reserved stays, even when it is too much now. */
export const sized = (
  context: NodeContext,
  { ramMb, cpus, diskMb = context.diskMb }: { readonly ramMb: number; readonly cpus: number; readonly diskMb?: number },
): NodeContext => settle({ ...context, ramMb, cpus, diskMb });

/** When the next start's time is up, Unix ms; null when none is under way. */
export const nextDue = ({ reservations }: Pick<NodeContext, 'reservations'>): number | null =>
  Object.values(reservations).reduce<number | null>(
    (next, { startsUntil }) => (startsUntil === null ? next : Math.min(next ?? startsUntil, startsUntil)),
    null,
  );

export interface Overdue {
  readonly context: NodeContext;
  /** Whose room was taken back, and of which epoch it was. */
  readonly taken: readonly { readonly serverId: string; readonly epoch: number }[];
}

/** Takes back the room of every start whose time is up. */
export function takeBack(context: NodeContext, at: number): Overdue {
  const taken = Object.entries(context.reservations)
    .filter(([, { startsUntil }]) => startsUntil !== null && startsUntil <= at)
    .map(([serverId, { epoch }]) => ({ serverId, epoch }));
  return { context: taken.reduce((left, { serverId, epoch }) => release(left, serverId, epoch), context), taken };
}
