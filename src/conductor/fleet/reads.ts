import { heldOn, startsMax, startsOn } from '../../machines/node/index.ts';
import { etaOf, ranked } from '../../machines/queue/index.ts';
import { PLENTY, sentence, usableRamMb, type Verdict } from '../../planner/index.ts';
import type { Capacity, FleetReads, NodeCapacity, NodeVerdict } from '../interfaces/fleet.ts';
import type { Reads } from '../interfaces/reads.ts';
import type { QueuePicture } from '../queue/picture.ts';
import type { Fleet } from './fleet.ts';
import { type FleetPicture, type KnownNode, takesServers } from './picture.ts';

export interface FleetReadsParts {
  readonly picture: FleetPicture;
  readonly fleet: Pick<Fleet, 'explain'>;
  readonly queue: QueuePicture;
  readonly reads: Pick<Reads, 'queue'>;
  readonly clock: { now(): number };
  /** As the node's limits have it. */
  readonly startsMax: number;
}

export function createFleetReads(parts: FleetReadsParts): FleetReads {
  const { picture, queue, clock } = parts;

  function nodeView({ context, status }: KnownNode): NodeCapacity {
    const { id, name, kind, engine, system, labels, ramMb, cpus, diskMb } = context;
    const held = heldOn(context);
    const heldFor = queue.entries.find((entry) => entry.heldOn === id)?.serverId ?? null;
    return {
      ...{ id, name, kind, engine, system, labels },
      status: status.status,
      connection: status.connection,
      pressure: status.pressure,
      ...capacity(ramMb, usableRamMb(ramMb, held.servers), held.ramMb),
      cpus: cpus || null,
      diskMb: diskMb || null,
      reservedCpus: held.cpuMilli / 1000,
      reservedDiskMb: held.diskMb,
      servers: held.servers,
      starting: startsOn(context),
      startsMax: startsMax(context, parts.startsMax),
      heldFor,
    };
  }

  return {
    async fleet() {
      const known = picture.nodes();
      const nodes = known.map(nodeView);
      const counted = nodes.filter(({ system }) => !system);
      const open = new Set(known.filter(takesServers).map(({ context }) => context.id));
      const sum = (of: (node: NodeCapacity) => number): number => counted.reduce((all, node) => all + of(node), 0);
      return {
        ...capacity(
          sum((node) => node.ramMb),
          sum((node) => node.usableRamMb),
          sum((node) => node.reservedRamMb),
        ),
        availableRamMb: sum((node) => (open.has(node.id) ? node.availableRamMb : 0)),
        servers: sum((node) => node.servers),
        queued: queue.entries.length,
        nodes,
      };
    },
    async queue() {
      const at = clock.now();
      const entries = ranked(await parts.reads.queue()).map(({ entry }, index) => {
        const position = index + 1;
        return { ...entry, position, eta: etaOf(queue, position, at) };
      });
      return { open: queue.isOpen, entries };
    },
    async explain({ ramMb, cpu = 0, diskMb = 0, labels = [] }) {
      const ask = { ramMb, cpuMilli: Math.round(cpu * 1000), diskMb, ports: 0, labels };
      const verdicts = await parts.fleet.explain(ask);
      return verdicts.map((verdict) => verdictView(verdict, picture.node(verdict.node)));
    },
  };
}

function capacity(ramMb: number, usable: number, reservedRamMb: number): Capacity {
  const availableRamMb = Math.max(0, usable - reservedRamMb);
  const utilisation = usable > 0 ? reservedRamMb / usable : 0;
  return { ramMb, usableRamMb: usable, reservedRamMb, availableRamMb, utilisation };
}

/** Null for what there is plenty of. */
const measured = (amount: number): number | null => (amount > PLENTY / 2 ? null : amount);

function verdictView({ node, rank, obstacles, score, free }: Verdict, known: KnownNode | undefined): NodeVerdict {
  const cpuMilli = measured(free.cpuMilli);
  return {
    nodeId: node,
    name: known?.context.name ?? node,
    rank,
    reasons: obstacles.map(sentence),
    score: rank === null ? null : { machines: score.machines, key: score.key },
    free: { ramMb: free.ramMb, cpu: cpuMilli === null ? null : cpuMilli / 1000, diskMb: measured(free.diskMb) },
  };
}
