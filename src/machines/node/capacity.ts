/** How much of a node's RAM may be given to servers: fleet.md, "Capacity". All sizes in MB. */
import type { NodeContext, Reservation } from './types.ts';

const LARGE_RAM_MB = 8 * 1024;
const RESERVE_MIN_MB = 1000;
const RESERVE_PER_TEN_CONTAINERS_MB = 50;
const RESERVE_SHARE = 0.15;
const RESERVE_SHARE_MAX = 0.5;

/**
 * What a machine keeps for itself: below 8 GiB 1000 MB and 50 MB for each ten containers (begun ones count), from 8 GiB up
 * 15 %, at least 1000 MB; never above half.
 */
export function systemReserveMb(ramMb: number, containers: number): number {
  const small = RESERVE_MIN_MB + RESERVE_PER_TEN_CONTAINERS_MB * Math.ceil(containers / 10);
  const large = Math.max(RESERVE_MIN_MB, Math.ceil(ramMb * RESERVE_SHARE));
  return Math.min(ramMb < LARGE_RAM_MB ? small : large, Math.floor(ramMb * RESERVE_SHARE_MAX));
}

type Room = Pick<NodeContext, 'ramMb' | 'reservations'>;

const count = ({ reservations }: Room): number => Object.keys(reservations).length;

export const reservedMb = ({ reservations }: Room): number =>
  Object.values(reservations).reduce((sum, { ramMb }) => sum + ramMb, 0);

/** Total less the reserve, as it is with this many containers. */
export const usableMb = (room: Room, containers = count(room)): number =>
  room.ramMb - systemReserveMb(room.ramMb, containers);

/** What one more server may have; 0 when what is reserved is more than what is usable, as after a resize. */
export const availableMb = (room: Room): number => Math.max(0, usableMb(room, count(room) + 1) - reservedMb(room));

/** The reservations with this server's made or replaced. */
export const withReservation = (
  room: Room,
  serverId: string,
  reservation: Reservation,
): NodeContext['reservations'] => ({
  ...room.reservations,
  [serverId]: reservation,
});

/** The reservations without this server's. */
export function withoutReservation(room: Room, serverId: string): NodeContext['reservations'] {
  const { [serverId]: _, ...others } = room.reservations;
  return others;
}
