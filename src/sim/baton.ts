/** One life of Baton, built of the same parts and in the same order as `src/baton.ts`, with the simulation below it. */
import type { Settings } from '../../config/settings.ts';
import type { Ports } from '../actors/ports.ts';
import { createRuntime } from '../actors/runtime.ts';
import type { Principal } from '../actors/types.ts';
import { createConductor } from '../conductor/conductor.ts';
import { errors } from '../conductor/errors.ts';
import type { Games } from '../conductor/interfaces/games.ts';
import { ensureNodeActor, nodeKind } from '../conductor/node/kind.ts';
import { serverKind } from '../conductor/server/kind.ts';
import { createObserver } from '../conductor/server/observer.ts';
import type { ServerWorld } from '../conductor/server/world.ts';
import type { Conductor } from '../conductor/types.ts';
import type { NodeMachine } from '../machines/node/index.ts';
import type { ServerMachine } from '../machines/server/index.ts';
import type { DatabaseClient } from './database.ts';
import type { Machine } from './node/machine.ts';
import type { RemoteNode } from './node/remote-node.ts';
import { sleeper, timeouts } from './waiting.ts';

export interface BatonParts {
  readonly ports: Ports;
  readonly settings: Settings;
  readonly database: DatabaseClient;
  readonly games: Games;
  /** The statecharts, which are pure and the same in every life. */
  readonly machines: { readonly server: ServerMachine; readonly node: NodeMachine };
  readonly nodes: readonly { readonly machine: Machine; readonly remote: RemoteNode }[];
  readonly system: Principal;
  /** Names the process in the shard leases. */
  readonly owner: string;
  readonly report: (message: string, details: Record<string, unknown>) => void;
  readonly leaseLost: () => void;
}

export interface SimBaton {
  readonly conductor: Conductor;
  /** Whether it serves, as far as it knows. */
  healthy(): boolean;
}

/** Throws what keeps a start from succeeding, such as `unavailable` and `database_in_use`; the process then ends. */
export async function startSimBaton(parts: BatonParts): Promise<SimBaton> {
  const { ports, settings, database, games, nodes, system, report } = parts;
  const { reads, repositories } = database;
  const [home] = nodes;
  if (home === undefined) throw new TypeError('There is no node.');

  const world: ServerWorld = {
    games,
    ports: repositories,
    settings: {
      ...settings.conductor,
      portRange: { from: settings.node.portRange.first, to: settings.node.portRange.last },
      publishAddress: settings.node.publishAddress,
      announceMs: settings.server.announceMs,
    },
    homeNode: () => home.remote.host,
    node(id) {
      const node = nodes.find(({ machine }) => machine.id === id);
      if (node === undefined) throw errors.node_unknown({ id });
      return node.remote.host;
    },
    ask: (address, event, options) => runtime.actors.ask(address, event, options),
    sleep: sleeper(ports.clock),
    timeout: timeouts(ports.clock),
  };
  const kinds = [serverKind(world, settings.server, parts.machines.server), nodeKind(parts.machines.node)];
  const runtime = createRuntime({
    store: database.store,
    kinds,
    ports,
    limits: settings.actors,
    owner: parts.owner,
    report,
    leaseLost: parts.leaseLost,
  });
  await runtime.start();
  for (const { machine, remote } of nodes) await ensureNodeActor(runtime.actors, remote.host, machine.size, system);

  const watching = new AbortController();
  for (const { remote } of nodes) {
    createObserver({
      ...settings.conductor,
      ...world,
      node: remote.host,
      reads,
      send: runtime.actors.send,
      report,
    }).start(watching.signal);
  }
  const { host } = home.remote;
  const conductor = createConductor({
    runtime,
    kinds,
    world,
    reads,
    deadLetters: database.deadLetters,
    newId: ports.id,
    node: { id: host.id, name: host.name, engine: host.engine.kind, ...home.machine.size },
    notes: [],
    publicHost: 'games.example',
  });
  return { conductor, healthy: runtime.healthy };
}
