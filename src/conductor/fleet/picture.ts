/**
 * The fleet as the planner sees it: what each node's last committed turn left, and what is on its way there. It is a picture;
 * room is given in a node's own mailbox alone, and whoever is refused there asks again.
 */
import {
  freeOn,
  heldOn,
  type NodeContext,
  type NodeStatus,
  sizeOf,
  startsMax,
  startsOn,
} from '../../machines/node/index.ts';
import {
  type FleetMemory,
  fits,
  freeFor,
  type Held,
  heldBy,
  type NodeState,
  type Resources,
} from '../../planner/index.ts';
import { createExpected, type Expected } from './expected.ts';
import { createHomes, type Home } from './homes.ts';

/** A node as its actor left it. */
export interface KnownNode {
  readonly context: NodeContext;
  readonly status: NodeStatus;
}

export interface FleetPicture {
  /** Nodes that are there, the oldest first. */
  nodes(): readonly KnownNode[];
  node(id: string): KnownNode | undefined;
  /** The node, and what one more server may have on it if everybody comes who is expected. */
  stateOf(node: KnownNode): NodeState;
  /** Where a server has room, and of which epoch it is. */
  reservationOf(serverId: string): Home | undefined;
  /** What a node's turn left; null when it is gone. An older turn than the last one known is passed over. */
  note(id: string, seq: number, node: KnownNode | null): void;
  /** Counts a server's room as taken until it is {@link settled}, or the time has come. */
  expect(serverId: string, expected: Expected): void;
  settled(serverId: string): void;
  /** Calls the listener after each change; `hasGained` when the node may have room that it had not before. */
  onChange(listener: (hasGained: boolean) => void): void;
}

type Engine = NodeContext['engine'];

/** What a node of this engine is found by. */
export const engineLabel = (engine: Engine): string => `baton.engine=${engine}`;

/**
 * What servers without a world run on: the engine of the machine that Baton runs on, unless that is simulated and there are real
 * machines besides. docs/decisions/0003 says why nobody changes from one to the other.
 */
export const engineFor = (picture: Pick<FleetPicture, 'nodes'>, here: Engine): Engine =>
  picture.nodes().some(({ context }) => context.engine === 'docker' && context.kind !== 'local') ? 'docker' : here;

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
  const expected = createExpected();
  const homes = createHomes();
  const listeners: ((hasGained: boolean) => void)[] = [];

  /** What those who are expected take that is not counted by a reservation of theirs: room, and a turn to start. */
  function coming({ id, reservations }: NodeContext): { readonly asks: readonly Resources[]; readonly starts: number } {
    const asks: Resources[] = [];
    let starts = 0;
    for (const [serverId, { ask }] of expected.on(id)) {
      const own = reservations[serverId];
      if (own === undefined) asks.push(ask);
      if (own === undefined || own.startsUntil === null) starts += 1;
    }
    return { asks, starts };
  }

  function stateOf({ context, status }: KnownNode): NodeState {
    const soon = coming(context);
    return {
      id: context.id,
      size: sizeOf(context),
      held: sum(heldOn(context), heldBy(soon.asks)),
      ready: IN_SERVICE.has(status.status),
      healthy: status.connection === 'healthy',
      cordoned: status.status !== 'ready',
      system: context.system,
      busy: startsOn(context) + soon.starts >= startsMax(context, setting),
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

  return {
    nodes: () => [...known.values()],
    node: (id) => known.get(id),
    stateOf,
    reservationOf: (serverId) => homes.newest(serverId),
    note(id, seq, node) {
      if (seq <= (seqs.get(id) ?? 0)) return;
      seqs.set(id, seq);
      const before = known.get(id);
      if (node === null || GONE.has(node.status.status)) known.delete(id);
      else known.set(id, node);
      const after = known.get(id);
      homes.note(id, before?.context.reservations ?? NONE, after?.context.reservations ?? NONE);
      show(id);
      const gained = after !== undefined && hasGained(before, after, setting);
      for (const listener of listeners) listener(gained);
    },
    expect(serverId, one) {
      for (const nodeId of expected.put(serverId, one, clock.now())) show(nodeId);
    },
    settled(serverId) {
      for (const nodeId of expected.remove(serverId, clock.now())) show(nodeId);
    },
    onChange(listener) {
      listeners.push(listener);
    },
  };
}

const sum = (one: Held, other: Held): Held => ({
  ramMb: one.ramMb + other.ramMb,
  cpuMilli: one.cpuMilli + other.cpuMilli,
  diskMb: one.diskMb + other.diskMb,
  ports: one.ports + other.ports,
  servers: one.servers + other.servers,
});

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

const NONE: NodeContext['reservations'] = {};
const NOBODY: Held = heldBy([]);

/** What a server may have on the node when it is empty. */
export const mostOf = ({ size }: Pick<NodeState, 'size'>): Resources => freeFor(size, NOBODY);
