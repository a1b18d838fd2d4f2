/** Does something for one server of many. What goes wrong with it is no reason not to do it for the next. */
export type EachAlone = (serverId: string, signal: AbortSignal, run: () => Promise<void>) => Promise<void>;

/** @param failed told when it has gone wrong for a server, and again only after it went well in between */
export function createEachAlone(failed: (serverId: string, error: unknown) => void): EachAlone {
  const troubled = new Set<string>();
  return async (serverId, signal, run) => {
    try {
      await run();
      troubled.delete(serverId);
    } catch (error) {
      if (signal.aborted) return;
      if (!troubled.has(serverId)) failed(serverId, error);
      troubled.add(serverId);
    }
  };
}
