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
import { createEachAlone } from './alone.ts';
import { createMeasurer } from './measure.ts';
import { isSettled, observation } from './observe.ts';

export interface ObserverParts {
  readonly node: NodeHost;
  readonly games: Games;
  readonly reads: Pick<Reads, 'placedOn' | 'placed'>;
  readonly send: (address: Address, event: ActorEvent) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly clock: { now(): number };
  readonly report: (message: string, details: Record<string, unknown>) => void;
  readonly sweepMs: number;
  /** So often every server is looked at, and the worlds are measured that are due. */
  readonly dataSweepMs: number;
}

export interface Observer {
  /** Watches until the signal aborts. */
  start(signal: AbortSignal): void;
  /** Looks at every server of the node once. Resolves when all were told; worlds are measured after that. */
  sweep(signal: AbortSignal): Promise<void>;
}

export function createObserver(parts: ObserverParts): Observer {
  const { node, games, reads, send, sleep, report } = parts;
  /** Containers that somebody asked the engine to stop; forgotten when they are gone. */
  const requested = new Set<string>();
  const failed = (message: string, error: unknown, of: Record<string, unknown> = {}) =>
    report(message, { node: node.name, ...of, error: storedError(error) });
  const lookAlone = createEachAlone((server, error) => failed('A server could not be looked at.', error, { server }));
  const measureDue = createMeasurer({
    ...parts,
    eachAlone: createEachAlone((server, error) => failed('A world could not be measured.', error, { server })),
  });
  let isMeasuring = false;

  function onEvent(event: EngineEvent, signal: AbortSignal): void {
    if (event.type === 'exited' && event.requested) requested.add(event.containerId);
    if (event.type === 'created') return;
    void lookAlone(event.serverId, signal, () => look(event.serverId, signal));
    if (event.type === 'removed') requested.delete(event.containerId);
  }

  async function look(serverId: string, signal: AbortSignal): Promise<void> {
    const row = await reads.placed(serverId);
    if (row === null || row.nodeId !== node.id || !isSettled(row)) return;
    const all = await node.engine.inventory(signal);
    await tell(row, newestOf(all, serverId), signal);
  }

  async function tell(row: PlacedServer, container: ContainerInfo | null, signal: AbortSignal): Promise<void> {
    const seen = await observation(games, node, row, container, (id) => requested.has(id), signal);
    if ((await reads.placed(row.id))?.version !== row.version) return;
    send(`server/${row.id}`, { type: 'observed', observation: seen });
  }

  async function sweep(signal: AbortSignal, withData = true): Promise<void> {
    const rows = await reads.placedOn(node.id);
    const all = await node.engine.inventory(signal);
    const newest = newestByServer(all);
    for (const row of rows) {
      signal.throwIfAborted();
      const container = newest.get(row.id) ?? null;
      const isDue = withData ? isSettled(row) : differs(row, container);
      if (isDue) await lookAlone(row.id, signal, () => tell(row, container, signal));
    }
    const known = new Set(all.map(({ id }) => id));
    for (const id of requested) if (!known.has(id)) requested.delete(id);
    if (withData) void measure(signal);
  }

  /** The next sweep does not wait for it; what it would measure meanwhile, the one after it does. */
  async function measure(signal: AbortSignal): Promise<void> {
    if (isMeasuring) return;
    isMeasuring = true;
    try {
      await measureDue(signal);
    } catch (error) {
      if (!signal.aborted) failed('The worlds could not be measured.', error);
    } finally {
      isMeasuring = false;
    }
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
        if (!reported && !signal.aborted) failed('The inventory could not be read.', error);
        reported = true;
      }
      await sleep(parts.sweepMs, signal).catch(() => undefined);
    }
  }

  return {
    start(signal) {
      const again = () =>
        void sweep(signal).catch((error: unknown) => {
          if (!signal.aborted) failed('The inventory could not be read.', error);
        });
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
  if (!isSettled({ status })) return false;
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
