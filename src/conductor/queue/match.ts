/** The look through the queue: who waits, in order, for whom the fleet has room now. */
import type { EffectFunction } from '../../actors/types.ts';
import {
  type Assignment,
  grouped,
  isOpenToOffers,
  isToBeHeld,
  type QueueEffects,
  type QueueEntry,
  type QueueLimits,
  ranked,
} from '../../machines/queue/index.ts';
import { type Ask, fits, type Planner, type Resources } from '../../planner/index.ts';
import { engineFor, engineLabel, type FleetPicture, mostOf } from '../fleet/picture.ts';
import type { QueuePicture } from './picture.ts';

export interface MatchParts {
  readonly queue: QueuePicture;
  readonly picture: FleetPicture;
  readonly planner: Planner;
  /** Of the machine that Baton runs on; see `engineFor`. */
  readonly engine: Parameters<typeof engineLabel>[0];
  readonly clock: { now(): number };
  readonly limits: QueueLimits;
}

type Match = EffectFunction<QueueEffects['match']['input'], QueueEffects['match']['output']>;

const NOTHING: Resources = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0 };

/** By node: the server that it is held for. */
type Holds = ReadonlyMap<string, string>;

export const match =
  ({ queue, picture, planner, engine, clock, limits }: MatchParts): Match =>
  async (_input, { signal }) => {
    const at = clock.now();
    const waiting = ranked(queue.entries);
    const holds = holdsOf(
      waiting.map(({ entry }) => entry),
      picture,
      at,
      limits,
    );
    const offers: Assignment[] = [];
    let more = false;
    for (const group of grouped(waiting)) {
      const open = group.filter((entry) => isOpenToOffers(entry, at, limits));
      if (open.length === 0) continue;
      const nodes = await place(open.map((entry) => askOf(entry, holds)));
      signal.throwIfAborted();
      for (const [place, { serverId, demand }] of open.entries()) {
        const nodeId = nodes[place] ?? null;
        if (nodeId === null) continue;
        more ||= offers.length === limits.offersMax;
        if (more) break;
        offers.push({ serverId, nodeId });
        picture.expect(serverId, { nodeId, ask: demand, until: at + limits.offerMs });
      }
      if (more) break;
    }
    return { offers, held: [...holds].map(([nodeId, serverId]) => ({ serverId, nodeId })), more };

    /** One alone is asked of the thread that keeps its picture. */
    async function place(asks: readonly Ask[]): Promise<readonly (string | null)[]> {
      const [one, ...others] = asks;
      return one !== undefined && others.length === 0 ? [await planner.place(one)] : planner.placeBatch(asks);
    }

    function askOf({ serverId, demand, only, avoid }: QueueEntry, held: Holds): Ask {
      const others = [...held].flatMap(([nodeId, holder]) => (holder === serverId ? [] : [nodeId]));
      const where = only === null ? { labels: [engineLabel(engineFor(picture, engine))] } : { only };
      // Who has kept his room there waits for a turn to start alone.
      const hasRoom = only !== null && picture.reservationOf(serverId)?.nodeId === only;
      return { ...(hasRoom ? NOTHING : demand), ...where, avoid: [...avoid, ...others] };
    }
  };

/** Each node is held for one server at most: the first in the order that must not be overtaken any more and could go there. */
function holdsOf(entries: readonly QueueEntry[], picture: FleetPicture, at: number, limits: QueueLimits): Holds {
  const holds = new Map<string, string>();
  for (const entry of entries) {
    if (!isToBeHeld(entry, at, limits)) continue;
    const nodeId = nodeFor(entry, picture, holds);
    if (nodeId !== null) holds.set(nodeId, entry.serverId);
  }
  return holds;
}

/** The one it has been held on, or else the one with the least left to wait for. Null when it would fit nowhere, ever. */
function nodeFor({ only, avoid, demand, heldOn }: QueueEntry, picture: FleetPicture, holds: Holds): string | null {
  const able = picture
    .nodes()
    .map((node) => picture.stateOf(node))
    .filter(
      ({ id, ready, healthy, cordoned, system }) =>
        ready &&
        healthy &&
        !cordoned &&
        !system &&
        !holds.has(id) &&
        (only === null ? !avoid.includes(id) : only === id),
    )
    .filter((state) => fits(mostOf(state), demand));
  if (able.some(({ id }) => id === heldOn)) return heldOn;
  const [best] = able.sort((a, b) => b.size.ramMb - b.held.ramMb - (a.size.ramMb - a.held.ramMb));
  return best?.id ?? null;
}
