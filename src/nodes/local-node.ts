/** The machine that Baton itself runs on, as a node: with Docker, or with a simulated engine in its place. */
import { type Engine, type NodeHost, portKey } from '../conductor/interfaces/engine.ts';
import { hostPortsTaken } from './host-ports.ts';
import type { SimulatedEngine } from './simulated/engine.ts';
import { createWorlds } from './worlds.ts';

export interface LocalNodeOptions {
  readonly id: string;
  readonly name: string;
  readonly engine: Engine | SimulatedEngine;
  /** Directory of the worlds; made when the first server is. */
  readonly dataRoot: string;
  /** Where ports are published, such as `0.0.0.0`. */
  readonly publishAddress: string;
}

export function createLocalNode({ id, name, engine, dataRoot, publishAddress }: LocalNodeOptions): NodeHost {
  return {
    id,
    name,
    engine,
    worlds: createWorlds(dataRoot, id),
    async portsTaken(ports) {
      if (!('heldPorts' in engine)) return hostPortsTaken(publishAddress, ports);
      // Nothing of a simulated node is published, so the real machine's ports do not matter to it.
      return new Set(ports.map((port) => portKey(port.protocol, port.host)).filter((key) => engine.heldPorts.has(key)));
    },
  };
}
