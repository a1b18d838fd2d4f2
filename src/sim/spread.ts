/**
 * Which machine a server gets: all of them alike, and for a failover the first other one that has room. It stands in for the
 * planner, whose threads know no seed; the room itself is given by the nodes' own actors.
 */
import { shardOf } from '../actors/address.ts';
import type { ActorKind, Actors, EffectFunction } from '../actors/types.ts';
import type { NodeHost } from '../conductor/interfaces/engine.ts';
import type { PortRequest } from '../conductor/interfaces/stores.ts';
import type { ServerEffects } from '../machines/server/index.ts';

export interface SpreadParts {
  readonly hosts: () => readonly NodeHost[];
  /** Right before a server asks for its home. */
  readonly setHome: (host: NodeHost) => void;
  readonly ask: Actors['ask'];
}

type Place = EffectFunction<ServerEffects['place']['input'], ServerEffects['place']['output']>;

/** How long a node's actor may take to answer. */
const ASK_MS = 5_000;
/** Ports of each machine; no two have the same, so that a server keeps its numbers wherever it goes. */
const PORTS_PER_MACHINE = 40;
const FIRST_PORT = 20_000;

/** The kind of servers with its homes chosen here. */
export function spread(kind: ActorKind, { hosts, setHome, ask }: SpreadParts): ActorKind {
  const { prepare, place } = kind.effects;
  if (prepare === undefined || place === undefined) return kind;
  const inOrder = (serverId: string): readonly NodeHost[] => {
    const all = hosts().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const first = shardOf(serverId) % all.length;
    return [...all.slice(first), ...all.slice(0, first)];
  };
  const atHome: EffectFunction<{ readonly serverId: string }> = (input, context) => {
    const [home] = inOrder(input.serverId);
    if (home !== undefined) setHome(home);
    return prepare.run(input as never, context);
  };
  const elsewhere: Place = async (input, context) => {
    const { serverId, epoch, spec, ports, avoid, dataExists } = input;
    if (dataExists || avoid.length === 0) return (place.run as Place)(input, context);
    for (const { id, engine } of inOrder(serverId)) {
      if (avoid.includes(id)) continue;
      const event = { type: 'reserve', serverId, epoch, ramMb: spec.ramMb, cpu: spec.cpu };
      const answer = (await ask(`node/${id}`, event, { timeoutMs: ASK_MS })) as ServerEffects['place']['output'];
      if (answer.placed) return { placed: true, home: { nodeId: id, engine: engine.kind, ports } };
    }
    return { placed: false, reason: 'No other machine has room.' };
  };
  const effects = {
    ...kind.effects,
    prepare: { ...prepare, run: atHome as EffectFunction },
    place: { ...place, run: elsewhere as EffectFunction },
  };
  return { ...kind, effects };
}

/** The request on the ports that only this machine gives. */
export function onOwnRange(request: PortRequest): PortRequest {
  const from = FIRST_PORT + shardOf(request.nodeId) * PORTS_PER_MACHINE;
  return { ...request, range: { from, to: from + PORTS_PER_MACHINE - 1 } };
}
