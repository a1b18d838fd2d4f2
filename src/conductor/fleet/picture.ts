/**
 * The fleet as the planner sees it: what each node's last committed turn left, and what is on its way there. It is a picture;
 * room is given in a node's own mailbox alone, and whoever is refused there asks again.
 */
import { freeOn, type NodeContext, type NodeStatus, sizeOf, startsMax, startsOn } from '../../machines/node/index.ts';
import {
  type FleetMemory,
  fits,
  freeFor,
  type Held,
  heldBy,
  type NodeState,
  type Resources,
} from '../../planner/index.ts';

/** A node as its actor left it. */
export interface KnownNode {
  readonly context: NodeContext;
  readonly status: NodeStatus;
}

/** Room that a server was offered, or is just asking for. */
interface Expected {
  readonly nodeId: string;
  readonly ask: Resources;
  /** Unix ms. */
  readonly until: number;
}

export interface FleetPicture {
  /** Nodes that are there, the oldest first. */
  nodes(): readonly KnownNode[];
  node(id: string): KnownNode | undefined;
  /** The node, and what one more server may have on it if everybody comes who is expected. */
  stateOf(node: KnownNode): NodeState;
  /** Where a server has room, and of which epoch it is. */
  reservationOf(serverId: string): { readonly nodeId: string; readonly epoch: number } | undefined;
  /** What a node's turn left; null when it is gone. An older turn than the last one known is passed over. */
  note(id: string, seq: number, node: KnownNode | null): void;
  /** Counts a server's room as taken until it is {@link settled}, or the time has come. */
  expect(serverId: string, expected: Expected): void;
  settled(serverId: string): void;
  /** Calls the listener after each change; `hasGained` when the node may have room that it had not before. */
  onChange(listener: (hasGained: boolean) => void): void;
}

/** A node of this engine; servers without a world go to the engine that new servers run on. */
export const engineLabel = (engine: NodeContext['engine']): string => `baton.engine=${engine}`;

const GONE: ReadonlySet<string> = new Set(['removed', 'decommissioned']);
const IN_SERVICE: ReadonlySet<string> = new Set(['ready', 'cordoned', 'draining']);

export interface PictureParts {
  readonly memory: FleetMemory;
  readonly clock: { now(): number };
  /** 0: by a node's cores; see `startsMax` of the node's limits. */
  readonly startsMax: number;
}

export function createPicture({ memory, clock, startsMax: setting }: PictureParts): FleetPicture {
  const known = new Map<string, KnownNode>();
  const seqs = new Map<string, number>();
  const expected = new Map<string, Expected>();
  const homes = new Map<string, { readonly nodeId: string; readonly epoch: number }>();
  const listeners: ((hasGained: boolean) => void)[] = [];

  const on = (nodeId: string): Expected[] =>
    [...expected].flatMap(([serverId, one]) =>
      // Who has room there already is counted by his reservation.
      one.nodeId === nodeId && homes.get(serverId)?.nodeId !== nodeId ? [one] : [],
    );

  function stateOf({ context, status }: KnownNode): NodeState {
    const coming = on(context.id);
    return {
      id: context.id,
      size: sizeOf(context),
      held: heldBy([...Object.values(context.reservations), ...coming.map(({ ask }) => ask)]),
      ready: IN_SERVICE.has(status.status),
      healthy: status.connection === 'healthy',
      cordoned: status.status !== 'ready',
      system: context.system,
      busy: startsOn(context) + coming.length >= startsMax(context, setting),
      dedicated: context.kind !== 'cloud',
      labels: [
        engineLabel(context.engine),
        ...Object.entries(context.labels).map(([name, value]) => `${name}=${value}`),
      ],
    };
  }

  function show(nodeId: string): void {
    const node = known.get(nodeId);
    if (node === undefined) memory.remove(nodeId);
    else memory.put(stateOf(node));
  }

  function forgetRooms(nodeId: string): void {
    for (const serverId of Object.keys(known.get(nodeId)?.context.reservations ?? {})) {
      if (homes.get(serverId)?.nodeId === nodeId) homes.delete(serverId);
    }
  }

  /** Those whose time has come are nobody's room any more. */
  function expire(): void {
    const now = clock.now();
    for (const [serverId, { nodeId, until }] of expected) {
      if (until > now) continue;
      expected.delete(serverId);
      show(nodeId);
    }
  }

  return {
    nodes: () => [...known.values()],
    node: (id) => known.get(id),
    stateOf,
    reservationOf: (serverId) => homes.get(serverId),
    note(id, seq, node) {
      if (seq <= (seqs.get(id) ?? 0)) return;
      seqs.set(id, seq);
      const before = known.get(id);
      forgetRooms(id);
      if (node === null || GONE.has(node.status.status)) known.delete(id);
      else known.set(id, node);
      for (const [serverId, { epoch }] of Object.entries(known.get(id)?.context.reservations ?? {})) {
        if (epoch >= (homes.get(serverId)?.epoch ?? 0)) homes.set(serverId, { nodeId: id, epoch });
      }
      show(id);
      const after = known.get(id);
      const gained = after !== undefined && hasGained(before, after, setting);
      for (const listener of listeners) listener(gained);
    },
    expect(serverId, one) {
      expire();
      const before = expected.get(serverId);
      expected.set(serverId, one);
      show(one.nodeId);
      if (before !== undefined && before.nodeId !== one.nodeId) show(before.nodeId);
    },
    settled(serverId) {
      const one = expected.get(serverId);
      expected.delete(serverId);
      expire();
      if (one !== undefined) show(one.nodeId);
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

/** Whether a server that it turned away before may find room now. */
function hasGained(before: KnownNode | undefined, after: KnownNode, setting: number): boolean {
  if (!takesServers(after)) return false;
  if (before === undefined || !takesServers(before)) return true;
  const isBusy = ({ context }: KnownNode): boolean => startsOn(context) >= startsMax(context, setting);
  return (isBusy(before) && !isBusy(after)) || !fits(freeOn(before.context), freeOn(after.context));
}

/** Whether servers may go there at all. */
export const takesServers = ({ context, status }: KnownNode): boolean =>
  status.status === 'ready' && status.connection === 'healthy' && !context.system;

const NOBODY: Held = heldBy([]);

/** What a server may have on the node when it is empty. */
export const mostOf = ({ size }: Pick<NodeState, 'size'>): Resources => freeFor(size, NOBODY);
