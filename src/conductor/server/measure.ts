/**
 * Measures the worlds of one node, one after the other. That walks all files of a world, so nobody waits for it, and it is not
 * done more often than it is worth: a server that is off is measured again only when its row has changed, and a world that
 * takes long is left alone in proportion.
 */
import type { ActorEvent, Address } from '../../actors/types.ts';
import type { NodeHost } from '../interfaces/engine.ts';
import type { PlacedServer, Reads } from '../interfaces/reads.ts';
import type { EachAlone } from './alone.ts';
import { isSettled } from './observe.ts';

export interface MeasureParts {
  readonly node: NodeHost;
  readonly reads: Pick<Reads, 'placedOn' | 'placed'>;
  readonly send: (address: Address, event: ActorEvent) => void;
  readonly clock: { now(): number };
  readonly eachAlone: EachAlone;
}

/** So many times as long as it took to walk a world, it is not walked again. */
const REST = 20;

interface Measured {
  /** Of the row when its world was walked. */
  readonly version: number;
  /** Unix ms. */
  readonly restsUntil: number;
}

/** Measures what is due. It must not be called again before it has resolved. */
export function createMeasurer({ node, reads, send, clock, eachAlone }: MeasureParts) {
  const measured = new Map<string, Measured>();

  function isDue(row: PlacedServer): boolean {
    const last = measured.get(row.id);
    if (!isSettled(row)) return false;
    if (last === undefined) return true;
    return clock.now() >= last.restsUntil && (row.status === 'running' || row.version !== last.version);
  }

  async function measure({ id, version }: PlacedServer, signal: AbortSignal): Promise<void> {
    const began = clock.now();
    try {
      const dataBytes = await node.worlds.measure(id, signal);
      // It may have moved meanwhile.
      if ((await reads.placed(id))?.nodeId === node.id) send(`server/${id}`, { type: 'measured', dataBytes });
    } finally {
      const ended = clock.now();
      measured.set(id, { version, restsUntil: ended + REST * (ended - began) });
    }
  }

  return async (signal: AbortSignal): Promise<void> => {
    const rows = await reads.placedOn(node.id);
    const here = new Set(rows.map(({ id }) => id));
    for (const id of measured.keys()) if (!here.has(id)) measured.delete(id);
    for (const row of rows) {
      signal.throwIfAborted();
      if (isDue(row)) await eachAlone(row.id, signal, () => measure(row, signal));
    }
  };
}
