import { type NodeContext, roomChanges } from '../../machines/node/index.ts';

/** A node on which a server has room. */
export interface Home {
  readonly nodeId: string;
  readonly epoch: number;
}

/** Where servers have room: on one node each, but for those that fail over. */
export interface Homes {
  /** The room of the highest epoch. */
  newest(serverId: string): Home | undefined;
  /** A turn of the node has left these reservations. Only what it changed is looked at: a node has many. */
  note(nodeId: string, before: NodeContext['reservations'], after: NodeContext['reservations']): void;
}

export function createHomes(): Homes {
  /** The newest first. */
  const homes = new Map<string, readonly Home[]>();

  const others = (serverId: string, nodeId: string): readonly Home[] =>
    (homes.get(serverId) ?? []).filter((home) => home.nodeId !== nodeId);

  return {
    newest: (serverId) => homes.get(serverId)?.[0],
    note(nodeId, before, after) {
      const { given, gone } = roomChanges(before, after);
      for (const serverId of gone) {
        const left = others(serverId, nodeId);
        if (left.length === 0) homes.delete(serverId);
        else homes.set(serverId, left);
      }
      for (const serverId of given) {
        const home = { nodeId, epoch: after[serverId]?.epoch ?? 0 };
        homes.set(
          serverId,
          [home, ...others(serverId, nodeId)].sort((a, b) => b.epoch - a.epoch),
        );
      }
    },
  };
}
