/** Where servers go: the planner proposes out of the picture, the node's own mailbox gives. */
import type { Actors } from '../../actors/types.ts';
import type { NodeContext } from '../../machines/node/index.ts';
import { type Ask, fits, freeFor, type Planner, type Resources, type Verdict } from '../../planner/index.ts';
import { errors } from '../errors.ts';
import type { Admission, QueuePicture } from '../queue/picture.ts';
import { createDesks } from './desks.ts';
import { engineFor, engineLabel, type FleetPicture, type KnownNode, mostOf, takesServers } from './picture.ts';

export interface RoomRequest {
  readonly serverId: string;
  readonly epoch: number;
  readonly demand: Resources;
  /** How long its start may take; see `startMs` of the server. */
  readonly startMs: number;
  /** The node that has its world, and so the only one that may take it. */
  readonly only: string | null;
  readonly avoid: readonly string[];
  /** The node that the caller has chosen: there or nowhere. */
  readonly wanted: string | null;
}

export type Room =
  | { readonly placed: true; readonly nodeId: string }
  /** `busy`: there is room, only that each node that has it starts others now. */
  | { readonly placed: false; readonly reason: string; readonly busy?: true };

export interface Fleet {
  /** A home for a new server: where there is room, or will be. Throws `no_nodes`, `no_node_large_enough`. */
  home(demand: Resources, avoid: readonly string[]): Promise<string>;
  /** Room for a server that starts, unless others wait for it. Twice is once. */
  reserve(request: RoomRequest, signal: AbortSignal): Promise<Room>;
  /** Gives back what {@link reserve} gave for this epoch. */
  withdraw(nodeId: string, serverId: string, epoch: number): Promise<void>;
  /** Whether the node is one of the fleet: no more once it was removed or given back. */
  has(nodeId: string): boolean;
  /** Whether the node can be asked. */
  answers(nodeId: string): boolean;
  /** Every node: why not, or its score and rank. */
  explain(ask: Ask): Promise<readonly Verdict[]>;
}

export interface FleetParts {
  readonly picture: FleetPicture;
  readonly planner: Planner;
  readonly queue: Pick<QueuePicture, 'admission' | 'heldFromIt'>;
  readonly ask: Actors['ask'];
  readonly clock: { now(): number };
  /** Of the machine that Baton runs on; see `engineFor`. */
  readonly engine: NodeContext['engine'];
  /** Nodes that are asked for room before a server waits. */
  readonly tries: number;
  /** How long a node may take to answer. */
  readonly askMs: number;
}

/** For the node's answer to those who asked before, and for its own. */
const WAITS = 2;

const NO_ROOM = 'No node has room for it now.';
const BUSY = { placed: false, reason: 'Each node that has room for it starts others now.', busy: true } as const;

export function createFleet(parts: FleetParts): Fleet {
  const { picture, planner, clock, tries, askMs } = parts;
  const engine = () => engineFor(picture, parts.engine);
  const desks = createDesks(parts);

  const choose = ({ demand, avoid }: Pick<RoomRequest, 'demand' | 'avoid'>): Promise<string | null> =>
    planner.place({ ...demand, avoid, labels: [engineLabel(engine())] });

  /** A node that cannot be asked is one that has no room. */
  async function ask(nodeId: string, { serverId, epoch, demand, startMs }: RoomRequest): Promise<Room> {
    picture.expect(serverId, { nodeId, ask: demand, until: clock.now() + WAITS * askMs });
    try {
      const placement = await desks.reserve(nodeId, { serverId, epoch, startMs, ...demand });
      return placement.placed ? { placed: true, nodeId } : placement;
    } catch (thrown) {
      // It may give room all the same, later than we wait; this comes after the question, and nobody waits for it.
      withdraw(nodeId, serverId, epoch).catch(() => {});
      throw thrown;
    } finally {
      picture.settled(serverId);
    }
  }

  /** Whether some node had room for it, were it not busy. */
  const wouldFit = ({ demand, avoid }: RoomRequest): boolean =>
    picture
      .nodes()
      .filter((node) => takesServers(node) && node.context.engine === engine() && !avoid.includes(node.context.id))
      .map((node) => picture.stateOf(node))
      .some(({ busy, size, held }) => busy && fits(freeFor(size, held), demand));

  /** Not one that is held for a server which has waited for long. */
  const another = (request: RoomRequest, refused: readonly string[]): Promise<string | null> =>
    choose({ ...request, avoid: [...request.avoid, ...refused, ...parts.queue.heldFromIt(request.serverId)] });

  async function tryNodes(first: string | null, request: RoomRequest): Promise<Room> {
    const refused: string[] = [];
    let answer: Room = { placed: false, reason: NO_ROOM };
    let next = first ?? (await another(request, refused));
    while (next !== null && refused.length < tries) {
      answer = await ask(next, request);
      if (answer.placed) return answer;
      refused.push(next);
      next = await another(request, refused);
    }
    // Looked at last: who was refused may have been overtaken by one that starts there now.
    return wouldFit(request) ? BUSY : answer;
  }

  async function withdraw(nodeId: string, serverId: string, epoch: number): Promise<void> {
    await parts.ask(`node/${nodeId}`, { type: 'withdraw', serverId, epoch }, { timeoutMs: askMs });
  }

  /** Who has room already takes none from those who wait, and comes back to it unless its node is to be avoided. */
  const ofItsOwn = (nodeId: string, { avoid }: RoomRequest): Admission => ({
    admitted: true,
    nodeId: avoid.includes(nodeId) ? null : nodeId,
  });

  return {
    async home(demand, avoid) {
      const now = await choose({ demand, avoid });
      return now ?? homeLater(picture, demand, engine(), avoid);
    },
    async reserve(request, signal) {
      const { serverId, epoch, only, wanted } = request;
      const present = picture.reservationOf(serverId);
      if (present?.epoch === epoch) return ask(present.nodeId, request);
      const admission = present === undefined ? parts.queue.admission(serverId) : ofItsOwn(present.nodeId, request);
      if (!admission.admitted) return { placed: false, reason: admission.reason };
      const tied = only ?? wanted;
      const room = await (tied === null ? tryNodes(admission.nodeId, request) : ask(tied, request));
      if (!signal.aborted || !room.placed) return room;
      // Nobody waits for the answer any more, and the server would release another node.
      await withdraw(room.nodeId, serverId, epoch);
      throw signal.reason;
    },
    withdraw,
    has: (nodeId) => picture.node(nodeId) !== undefined,
    answers: (nodeId) => picture.node(nodeId)?.status.connection === 'healthy',
    explain: (wanted) => planner.explain({ ...wanted, labels: [engineLabel(engine()), ...(wanted.labels ?? [])] }),
  };
}

/** The node on which it would fit if that were empty, and which has the most room now; those that take servers first. */
function homeLater(
  picture: FleetPicture,
  demand: Resources,
  engine: NodeContext['engine'],
  avoid: readonly string[],
): string {
  const nodes = picture
    .nodes()
    .filter(({ context }) => !context.system && context.engine === engine && !avoid.includes(context.id));
  const mostRamMb = (node: KnownNode): number => mostOf(picture.stateOf(node)).ramMb;
  const freeRamMb = (node: KnownNode): number => {
    const { size, held } = picture.stateOf(node);
    return size.ramMb - held.ramMb;
  };
  const [largest] = nodes.toSorted((a, b) => mostRamMb(b) - mostRamMb(a));
  if (largest === undefined) throw errors.no_nodes();
  const isOpen = ({ status }: KnownNode): number =>
    Number(status.status === 'ready' && status.connection === 'healthy');
  const [home] = nodes
    .filter((node) => fits(mostOf(picture.stateOf(node)), demand))
    .sort((a, b) => isOpen(b) - isOpen(a) || freeRamMb(b) - freeRamMb(a));
  if (home !== undefined) return home.context.id;
  throw errors.no_node_large_enough({
    ram_mb: demand.ramMb,
    cpu: demand.cpuMilli / 1000,
    disk_mb: demand.diskMb,
    node: largest.context.name,
    most_ram_mb: mostRamMb(largest),
  });
}
