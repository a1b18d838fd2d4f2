/** A node's way to the stations that tests begin at. */
import type { ShownContainer } from '../../src/machines/fleet/index.ts';
import {
  createNodeMachine,
  type NodeContext,
  nodeStatus,
  type Reading,
  type Settlement,
} from '../../src/machines/node/index.ts';
import { Drive } from './drive.ts';

export type Node = Drive<NodeContext>;

const machine = createNodeMachine();

export const SSH = { hostname: 'n1.example', user: 'root', port: 22, dockerHost: null, root: null };

export const local = (more: object = {}): Node =>
  new Drive<NodeContext>(machine, {
    id: 'n1',
    name: 'n1',
    kind: 'local',
    engine: 'docker',
    ramMb: 8000,
    cpus: 4,
    ...more,
  });

/** Added by hand: it is being bootstrapped. */
export const added = (more: object = {}): Node =>
  local({
    kind: 'dedicated',
    ramMb: 0,
    cpus: 0,
    ssh: SSH,
    operation: { id: 'create-0', command: 'create' },
    ...more,
  });

export const BOOTSTRAPPED = { hostKey: 'ssh-ed25519 A', bootId: 'b1', leaseEpoch: 0, ramMb: 8000, cpus: 4 };

const NOTHING: Settlement = { keep: [], stop: [], quarantine: [] };

export const inventory = (
  containers: readonly ShownContainer[] = [],
  settlement: Partial<Settlement> = {},
  bootId = 'b1',
) => ({ bootId, containers, settlement: { ...NOTHING, ...settlement } });

/** Bootstrapped, read, and connected. */
export function connected(more: object = {}): Node {
  const node = added(more);
  node.done('bootstrap', BOOTSTRAPPED);
  node.done('readInventory', inventory());
  return node;
}

export const shown = (serverId: string, more: Partial<ShownContainer> = {}): ShownContainer => ({
  id: `${serverId}-1`,
  serverId,
  epoch: 1,
  state: 'running',
  exitCode: null,
  ...more,
});

export const reading = (more: Partial<Reading> = {}): Reading => ({
  bootId: 'b1',
  clockMs: 1000,
  disk: 0.5,
  memory: 0.5,
  cpu: 0.5,
  ramMb: 8000,
  cpus: 4,
  guarded: true,
  engineSilent: false,
  containers: [],
  ...more,
});

export const beat = (node: Node, more: Partial<Reading> = {}): boolean =>
  node.send({ type: 'beat', reading: reading(more), receivedAt: node.now });

/** Misses three heartbeats in a row. */
export function lose(node: Node, lastLeaseAt: number | null = node.now): void {
  for (const streak of [1, 2, 3]) node.send({ type: 'beat.missed', streak, lastLeaseAt });
}

export type Placed = { readonly placed: boolean; readonly reason?: string };

export function reserve(node: Node, serverId: string, epoch = 1, ramMb = 500): Placed {
  node.send({
    type: 'reserve',
    requests: [{ serverId, epoch, startMs: 1_800_000, ramMb, cpuMilli: 1000, diskMb: 0, ports: 1 }],
  });
  const [reply] = node.verbs.flatMap((verb) => (verb.type === 'reply' ? (verb.params.value as Placed[]) : []));
  return reply as Placed;
}

/** `ready healthy calm` */
export const how = (node: Node): string => {
  const { status, connection, pressure } = nodeStatus(node.snapshot);
  return `${status} ${connection} ${pressure}`;
};

export const isEnded = (node: Node, id: string | undefined, outcome: string): boolean =>
  node.ended.filter((end) => end.id === id).length === 1 &&
  node.ended.some((end) => end.id === id && end.outcome === outcome);

export const WAIT_MS = 18_008;
