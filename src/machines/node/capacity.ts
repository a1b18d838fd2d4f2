/** What a node has, holds and can still give, by the planner's own rule: where two rules differ, a placement is refused for ever. */
import { amountOf, freeFor, type Held, heldBy, lacking, PLENTY, type Resources } from '../../planner/fit.ts';
import type { NodeContext } from './types.ts';

type Room = Pick<NodeContext, 'ramMb' | 'cpus' | 'diskMb' | 'reservations'>;

/** RAM that is not known yet is none; of the rest there is plenty until it is known. Host ports are the port store's business. */
export const sizeOf = ({ ramMb, cpus, diskMb }: Omit<Room, 'reservations'>): Resources => ({
  ramMb,
  cpuMilli: cpus > 0 ? Math.round(cpus * 1000) : PLENTY,
  diskMb: diskMb > 0 ? diskMb : PLENTY,
  ports: PLENTY,
});

interface Totals {
  readonly held: Held;
  readonly starts: number;
}

/** A list of reservations is never changed, only replaced, and asked about several times before it is. */
const totals = new WeakMap<NodeContext['reservations'], Totals>();

function totalsOf({ reservations }: Pick<Room, 'reservations'>): Totals {
  const known = totals.get(reservations);
  if (known !== undefined) return known;
  const all = Object.values(reservations);
  const sum = { held: heldBy(all), starts: all.filter(({ startsUntil }) => startsUntil !== null).length };
  totals.set(reservations, sum);
  return sum;
}

export const heldOn = (room: Pick<Room, 'reservations'>): Held => totalsOf(room).held;

/** What one more server may have. */
export const freeOn = (room: Room): Resources => freeFor(sizeOf(room), heldOn(room));

/** What a server may have on a node that has no other. */
export const mostOn = (room: Omit<Room, 'reservations'>): Resources => freeFor(sizeOf(room), heldBy([]));

/** How many servers are on their way up. */
export const startsOn = (room: Pick<Room, 'reservations'>): number => totalsOf(room).starts;

/** How many may be at once: as many as were set, or one for each two cores, because booting eats them. */
export const startsMax = ({ cpus }: Pick<Room, 'cpus'>, setting: number): number =>
  setting > 0 ? setting : Math.max(1, Math.floor(cpus / 2));

/** What keeps an ask from fitting, as a sentence; null when nothing does. */
export function shortage(room: Room & { readonly name: string }, ask: Resources): string | null {
  const [free, most] = [freeOn(room), mostOn(room)];
  const [never] = lacking(most, ask);
  if (never !== undefined) {
    const [asked, has] = [amountOf(never, ask[never]), amountOf(never, most[never])];
    return `It needs ${asked}, and ${room.name} has ${has} even when it is empty.`;
  }
  const [now] = lacking(free, ask);
  if (now === undefined) return null;
  return `It needs ${amountOf(now, ask[now])}, and ${room.name} has ${amountOf(now, free[now])} free.`;
}

/** The reservations without this server's. */
export function withoutReservation(
  { reservations }: Pick<Room, 'reservations'>,
  serverId: string,
): NodeContext['reservations'] {
  if (reservations[serverId] === undefined) return reservations;
  const { [serverId]: _, ...others } = reservations;
  return others;
}
