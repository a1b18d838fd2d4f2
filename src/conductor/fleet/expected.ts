import type { Resources } from '../../planner/index.ts';

/** Room that a server was offered, or is just asking for. */
export interface Expected {
  readonly nodeId: string;
  readonly ask: Resources;
  /** Unix ms. */
  readonly until: number;
}

/** Who is expected where. Changes answer the nodes of which something else is expected now, also because the time of others came. */
export interface ExpectedServers {
  on(nodeId: string): ReadonlyMap<string, Expected>;
  /** A server is expected on one node at most. */
  put(serverId: string, expected: Expected, now: number): ReadonlySet<string>;
  remove(serverId: string, now: number): ReadonlySet<string>;
}

const NOBODY: ReadonlyMap<string, Expected> = new Map();

export function createExpected(): ExpectedServers {
  const byServer = new Map<string, Expected>();
  const byNode = new Map<string, Map<string, Expected>>();
  /** Before this nobody's time comes, so that nobody need be looked at. */
  let firstDue = Number.POSITIVE_INFINITY;

  function take(serverId: string, changed: Set<string>): void {
    const one = byServer.get(serverId);
    if (one === undefined) return;
    byServer.delete(serverId);
    const there = byNode.get(one.nodeId);
    there?.delete(serverId);
    if (there?.size === 0) byNode.delete(one.nodeId);
    changed.add(one.nodeId);
  }

  function expire(now: number, changed: Set<string>): void {
    if (now < firstDue) return;
    for (const [serverId, { until }] of byServer) if (until <= now) take(serverId, changed);
    firstDue = Number.POSITIVE_INFINITY;
    for (const { until } of byServer.values()) firstDue = Math.min(firstDue, until);
  }

  return {
    on: (nodeId) => byNode.get(nodeId) ?? NOBODY,
    put(serverId, expected, now) {
      const changed = new Set([expected.nodeId]);
      take(serverId, changed);
      byServer.set(serverId, expected);
      const there = byNode.get(expected.nodeId) ?? new Map<string, Expected>();
      byNode.set(expected.nodeId, there.set(serverId, expected));
      firstDue = Math.min(firstDue, expected.until);
      expire(now, changed);
      return changed;
    },
    remove(serverId, now) {
      const changed = new Set<string>();
      take(serverId, changed);
      expire(now, changed);
      return changed;
    },
  };
}
