import { together } from '../../actors/together.ts';
import type { Actors } from '../../actors/types.ts';
import type { Placement, ReservationRequest } from '../../machines/node/index.ts';

/** Servers that a node answers in one turn. */
const MOST = 100;

export interface Desks {
  /** What the node's own mailbox says. Throws what `Actors.ask` throws, such as `ask_timeout`. */
  reserve(nodeId: string, request: ReservationRequest): Promise<Placement>;
}

export interface DesksParts {
  readonly ask: Actors['ask'];
  /** How long a node may take to answer. */
  readonly askMs: number;
}

/**
 * Where servers ask for room, one desk for each node. A node takes one turn at a time, and each is a commit; so all who come
 * while it answers others are answered in its next turn, together, however many they are.
 */
export function createDesks({ ask, askMs }: DesksParts): Desks {
  const desks = new Map<string, (request: ReservationRequest) => Promise<Placement>>();

  const open = (nodeId: string) =>
    together(async (requests: readonly ReservationRequest[]) => {
      const placements = await ask(`node/${nodeId}`, { type: 'reserve', requests }, { timeoutMs: askMs });
      return placements as readonly Placement[];
    }, MOST);

  return {
    reserve(nodeId, request) {
      const desk = desks.get(nodeId) ?? open(nodeId);
      desks.set(nodeId, desk);
      return desk(request);
    },
  };
}
