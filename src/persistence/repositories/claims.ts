/** What is about to be written of each node, by those who are about to. Only in memory: it says nothing after a restart. */
export interface Claims {
  on(nodeId: string): ReadonlySet<string>;
  /** Claims keys that nobody has claimed, for as long as the work takes. */
  during<T>(nodeId: string, keys: readonly string[], work: () => Promise<T>): Promise<T>;
}

const NONE: ReadonlySet<string> = new Set();

export function createClaims(): Claims {
  const byNode = new Map<string, Set<string>>();

  return {
    on: (nodeId) => byNode.get(nodeId) ?? NONE,
    async during(nodeId, keys, work) {
      const claimed = byNode.get(nodeId) ?? new Set();
      byNode.set(nodeId, claimed);
      for (const key of keys) claimed.add(key);
      try {
        return await work();
      } finally {
        for (const key of keys) claimed.delete(key);
        if (claimed.size === 0) byNode.delete(nodeId);
      }
    },
  };
}
