/** The queue's book, purely: entering, leaving, offers, and who may still be overtaken. */
import type { QueueLimits } from './limits.ts';
import { ranked } from './order.ts';
import type { Assignment, QueueContext, QueueEffects, QueueEntry, Waiting } from './types.ts';

/** How many placements an estimate rests on. */
const PLACEMENTS_KEPT = 10;

const FRESH = { overtaken: 0, heldOn: null, offer: null, restsUntil: null } as const;

type Entries = QueueContext['entries'];

/**
 * The server in its place, or at the end. One that had an offer and comes again was refused by the node, so it rests a little:
 * the next look would find what this one found.
 */
export function entered(entries: Entries, waiting: Waiting, at: number, limits: QueueLimits): Entries {
  const known = entries.find(({ serverId }) => serverId === waiting.serverId);
  if (known === undefined) {
    return entries.length < limits.entriesMax ? [...entries, { ...waiting, ...FRESH }] : entries;
  }
  const restsUntil = known.offer === null ? known.restsUntil : at + limits.refusedMs;
  return entries.map((entry) => (entry === known ? { ...known, ...waiting, offer: null, restsUntil } : entry));
}

export interface Left {
  readonly entries: Entries;
  readonly placedAt: readonly number[];
}

export function left({ entries, placedAt }: QueueContext, serverId: string, placed: boolean, at: number): Left {
  const others = entries.filter((entry) => entry.serverId !== serverId);
  const counts = placed && others.length < entries.length;
  return { entries: others, placedAt: counts ? [...placedAt, at].slice(-PLACEMENTS_KEPT) : placedAt };
}

/** Without those who should have left by themselves: a server that is stuck must not keep room from others. */
export const current = (entries: Entries, at: number, { absentMs }: QueueLimits): Entries =>
  entries.filter(({ givesUpAt }) => at < givesUpAt + absentMs);

/** Whether room is kept for it right now. */
export const hasOffer = ({ offer }: QueueEntry, at: number): boolean => offer !== null && at < offer.until;

/** Whether it may be offered something. */
export const isOpenToOffers = ({ offer, restsUntil }: QueueEntry, at: number, { absentMs }: QueueLimits): boolean =>
  (offer === null || at >= offer.until + absentMs) && at >= (restsUntil ?? 0);

/** Whether enough have gone before it. */
export const isToBeHeld = ({ overtaken, queuedAt, heldOn }: QueueEntry, at: number, limits: QueueLimits): boolean =>
  heldOn !== null || overtaken >= limits.overtakingMax || (overtaken > 0 && at - queuedAt >= limits.overtakingMs);

export interface Offered {
  readonly entries: Entries;
  /** Whom to tell. */
  readonly told: readonly string[];
}

/** What a look through the queue comes to. Whoever has left meanwhile, or has an offer, is passed over. */
export function offered(
  entries: Entries,
  { offers, held }: QueueEffects['match']['output'],
  at: number,
  limits: QueueLimits,
): Offered {
  const nodeOf = new Map(offers.map(({ serverId, nodeId }) => [serverId, nodeId]));
  const heldOn = new Map(held.map(({ serverId, nodeId }) => [serverId, nodeId]));
  const given = entries.filter((entry) => nodeOf.has(entry.serverId) && isOpenToOffers(entry, at, limits));
  const overtakings = overtakingsOf(entries, given, offers);
  return {
    told: given.map(({ serverId }) => serverId),
    entries: entries.map((entry) => {
      const nodeId = given.includes(entry) ? nodeOf.get(entry.serverId) : undefined;
      return {
        ...entry,
        heldOn: heldOn.get(entry.serverId) ?? null,
        overtaken: entry.overtaken + (overtakings.get(entry.serverId) ?? 0),
        ...(nodeId !== undefined && { offer: { nodeId, until: at + limits.offerMs }, restsUntil: null }),
      };
    }),
  };
}

/** For each that got nothing: how many from behind it got a node that it could have gone to. */
function overtakingsOf(
  entries: Entries,
  given: readonly QueueEntry[],
  offers: readonly Assignment[],
): ReadonlyMap<string, number> {
  const order = new Map(ranked(entries).map(({ entry }, at) => [entry.serverId, at]));
  const placeOf = (serverId: string): number => order.get(serverId) ?? 0;
  const told = offers.filter(({ serverId }) => given.some((entry) => entry.serverId === serverId));
  const waiting = entries.filter((entry) => entry.offer === null && !given.includes(entry));
  return new Map(
    waiting.map(({ serverId, only, avoid }) => {
      const mayUse = (nodeId: string): boolean => (only === null ? !avoid.includes(nodeId) : only === nodeId);
      const before = told.filter((one) => placeOf(one.serverId) > placeOf(serverId) && mayUse(one.nodeId));
      return [serverId, before.length];
    }),
  );
}
