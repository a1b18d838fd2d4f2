/**
 * Sees what happens to containers and data outside of operations, and tells the servers. The engine's events say where to
 * look at once; a sweep over the inventory finds what the events missed. The inventory is the truth, an event only a hint.
 *
 * An answer may be old when it comes: meanwhile the server may have got another container. So the row is read before its
 * container is looked for, and what was seen is told only if the row is still the same afterwards.
 */
import type { ActorEvent, Address } from '../../actors/types.ts';
import { storedError } from '../../errors.ts';
import type { ContainerInfo, EngineEvent, NodeHost } from '../interfaces/engine.ts';
import type { Games } from '../interfaces/games.ts';
import type { PlacedServer, Reads } from '../interfaces/reads.ts';
import { cleanExitCodesOf, observation } from './observe.ts';

export interface ObserverParts {
  readonly node: NodeHost;
  readonly games: Games;
  readonly reads: Pick<Reads, 'placedOn' | 'placed'>;
  readonly send: (address: Address, event: ActorEvent) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly report: (message: string, details: Record<string, unknown>) => void;
  readonly sweepMs: number;
  /** Worlds are measured this often. */
  readonly dataSweepMs: number;
}

export interface Observer {
  /** Watches until the signal aborts. */
  start(signal: AbortSignal): void;
  /** Looks at every server of the node once. Resolves when all were told. */
  sweep(signal: AbortSignal): Promise<void>;
}

/** States in which nothing is expected of the container, so that what is seen may say something new. */
const SETTLED = new Set(['running', 'stopped', 'sleeping', 'crashed', 'missing', 'failed']);

export function createObserver(parts: ObserverParts): Observer {
  const { node, games, reads, send, sleep, report } = parts;
  /** Containers that somebody asked the engine to stop; forgotten when they are gone. */
  const requested = new Set<string>();
  /** Servers that could not be looked at the last time, which was told then. */
  const unseen = new Set<string>();

  function onEvent(event: EngineEvent, signal: AbortSignal): void {
    if (event.type === 'exited' && event.requested) requested.add(event.containerId);
    if (event.type === 'created') return;
    void eachAlone(event.serverId, signal, () => look(event.serverId, signal));
    if (event.type === 'removed') requested.delete(event.containerId);
  }

  async function look(serverId: string, signal: AbortSignal): Promise<void> {
    const row = await reads.placed(serverId);
    if (row === null || row.nodeId !== node.id || !SETTLED.has(row.status)) return;
    const all = await node.engine.inventory(signal);
    await tell(row, newestOf(all, serverId), signal);
  }

  async function tell(row: PlacedServer, container: ContainerInfo | null, signal: AbortSignal): Promise<void> {
    const clean = cleanExitCodesOf(games, row.template);
    const seen = await observation(node, row.id, container, clean, (id) => requested.has(id), signal);
    if ((await reads.placed(row.id))?.version !== row.version) return;
    send(`server/${row.id}`, { type: 'observed', observation: seen });
  }

  /** What is wrong with one server is told once, and is no reason not to look at the others. */
  async function eachAlone(serverId: string, signal: AbortSignal, see: () => Promise<void>): Promise<void> {
    try {
      await see();
      unseen.delete(serverId);
    } catch (error) {
      if (!unseen.has(serverId)) failed('A server could not be looked at.', error, signal, { server: serverId });
      unseen.add(serverId);
    }
  }

  async function sweep(signal: AbortSignal, withData = true): Promise<void> {
    const rows = await reads.placedOn(node.id);
    const all = await node.engine.inventory(signal);
    const newest = newestByServer(all);
    for (const row of rows) {
      signal.throwIfAborted();
      const container = newest.get(row.id) ?? null;
      const isDue = withData ? SETTLED.has(row.status) : differs(row, container);
      if (isDue) await eachAlone(row.id, signal, () => tell(row, container, signal));
    }
    const known = new Set(all.map(({ id }) => id));
    for (const id of requested) if (!known.has(id)) requested.delete(id);
  }

  function failed(message: string, error: unknown, signal: AbortSignal, of: Record<string, unknown> = {}): void {
    if (!signal.aborted) report(message, { node: node.name, ...of, error: storedError(error) });
  }

  async function sweepForever(signal: AbortSignal): Promise<void> {
    let sinceData = 0;
    let reported = false;
    while (!signal.aborted) {
      const withData = sinceData >= parts.dataSweepMs;
      sinceData = withData ? 0 : sinceData + parts.sweepMs;
      try {
        await sweep(signal, withData);
        reported = false;
      } catch (error) {
        // An engine that is away is told once, not with every sweep.
        if (!reported) failed('The inventory could not be read.', error, signal);
        reported = true;
      }
      await sleep(parts.sweepMs, signal).catch(() => undefined);
    }
  }

  return {
    start(signal) {
      const again = () =>
        void sweep(signal).catch((error: unknown) => failed('The inventory could not be read.', error, signal));
      node.engine.watch((event) => onEvent(event, signal), again, signal);
      void sweepForever(signal);
    },
    sweep: (signal) => sweep(signal),
  };
}

/**
 * Whether the row would have to change for what is there. A server that is off needs no container; one that runs and has no
 * world yet is about to make it.
 */
function differs({ status, containerId, dataExists }: PlacedServer, container: ContainerInfo | null): boolean {
  if (!SETTLED.has(status)) return false;
  const isUp = container !== null && container.state !== 'exited' && container.state !== 'created';
  if (status === 'running') return !isUp || container.id !== containerId || dataExists !== true;
  return isUp || (container === null && containerId !== null);
}

function newestOf(all: readonly ContainerInfo[], serverId: string): ContainerInfo | null {
  return newestByServer(all.filter((container) => container.serverId === serverId)).get(serverId) ?? null;
}

function newestByServer(all: readonly ContainerInfo[]): ReadonlyMap<string, ContainerInfo> {
  const newest = new Map<string, ContainerInfo>();
  for (const container of all) {
    const other = newest.get(container.serverId);
    if (other === undefined || other.epoch < container.epoch) newest.set(container.serverId, container);
  }
  return newest;
}
