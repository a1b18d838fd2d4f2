/**
 * The one rule by which something fits on a node. Planner, reservation and simulator use this function and no other: where a
 * scheduler's rule differs from the applier's, a placement is refused for ever (Nomad's issues 9506 and 25808).
 */

/** What a node has and a server asks for, in whole numbers. */
export interface Resources {
  readonly ramMb: number;
  /** Thousandths of a core. */
  readonly cpuMilli: number;
  readonly diskMb: number;
  /** How many host ports; which ones is the node's own business. */
  readonly ports: number;
}

export type Resource = keyof Resources;

export const RESOURCES = ['ramMb', 'cpuMilli', 'diskMb', 'ports'] as const satisfies readonly Resource[];

/** What a node has of something that was not measured, or of which it never runs out. */
export const PLENTY = 2 ** 31 - 1;

/** An ask of 0 asks nothing, so it fits even where nothing is left: a server without a CPU limit asks 0 milli-cores. */
const suffices = (free: number, ask: number): boolean => ask === 0 || ask <= free;

/** Whether what is free is enough for what is asked, in each resource. */
export const fits = (free: Resources, ask: Resources): boolean =>
  suffices(free.ramMb, ask.ramMb) &&
  suffices(free.cpuMilli, ask.cpuMilli) &&
  suffices(free.diskMb, ask.diskMb) &&
  suffices(free.ports, ask.ports);

/** The resources that keep it from fitting; none exactly when {@link fits} says that it does. */
export const lacking = (free: Resources, ask: Resources): readonly Resource[] =>
  RESOURCES.filter((resource) => !suffices(free[resource], ask[resource]));

const MEASURES: Record<Resource, (amount: number) => string> = {
  ramMb: (amount) => `${amount} MB of RAM`,
  cpuMilli: (amount) => `${amount / 1000} cores`,
  diskMb: (amount) => `${amount} MB on disk`,
  ports: (amount) => `${amount} ports`,
};

/** So much of a resource, in words. */
export const amountOf = (resource: Resource, amount: number): string => MEASURES[resource](amount);

/** What a node holds: the sum of its reservations, and how many there are. */
export interface Held extends Resources {
  readonly servers: number;
}

/** The sum of reservations, or of any resources, and how many they are. */
export function heldBy(reservations: Iterable<Resources>): Held {
  let [ramMb, cpuMilli, diskMb, ports, servers] = [0, 0, 0, 0, 0];
  for (const one of reservations) {
    ramMb += one.ramMb;
    cpuMilli += one.cpuMilli;
    diskMb += one.diskMb;
    ports += one.ports;
    servers += 1;
  }
  return { ramMb, cpuMilli, diskMb, ports, servers };
}

const LARGE_RAM_MB = 8 * 1024;
const RESERVE_MIN_MB = 1000;
const RESERVE_PER_TEN_SERVERS_MB = 50;
const RESERVE_SHARE = 0.15;
const RESERVE_SHARE_MAX = 0.5;

/**
 * RAM that a machine keeps for itself (fleet.md, "Capacity"): below 8 GiB 1000 MB and 50 MB for each ten servers (begun ones
 * count), from 8 GiB up 15 %, at least 1000 MB; never above half.
 */
export function systemReserveMb(ramMb: number, servers: number): number {
  const small = RESERVE_MIN_MB + RESERVE_PER_TEN_SERVERS_MB * Math.ceil(servers / 10);
  const large = Math.max(RESERVE_MIN_MB, Math.ceil(ramMb * RESERVE_SHARE));
  return Math.min(ramMb < LARGE_RAM_MB ? small : large, Math.floor(ramMb * RESERVE_SHARE_MAX));
}

/** RAM that may be given to this many servers. */
export const usableRamMb = (ramMb: number, servers: number): number => ramMb - systemReserveMb(ramMb, servers);

/**
 * What one more server may have on a node of this size: never below 0, not even when it shrank below what is reserved. The
 * reserve is that of one server more, because a small machine keeps more for itself with each ten.
 */
export const freeFor = (size: Resources, held: Held): Resources => ({
  ramMb: Math.max(0, usableRamMb(size.ramMb, held.servers + 1) - held.ramMb),
  cpuMilli: Math.max(0, size.cpuMilli - held.cpuMilli),
  diskMb: Math.max(0, size.diskMb - held.diskMb),
  ports: Math.max(0, size.ports - held.ports),
});
