/**
 * The shape of HashiCorp's C2M: two million small containers on 6,100 machines of several sizes. What they publish is the
 * wall clock of a whole system (1,500 containers a second); this is planning only, and nothing else is compared with it.
 */
import type { Resources } from '../src/planner/fit.ts';
import { type NodeState, usableRamMb } from '../src/planner/index.ts';
import { seededRandom } from '../src/sim/random.ts';

export interface Shape {
  readonly nodes: number;
  readonly asks: number;
  readonly seed: number;
}

export const C2M: Shape = { nodes: 6_100, asks: 2_000_000, seed: 1 };

export interface Workload {
  readonly nodes: readonly NodeState[];
  /** The kinds of servers. */
  readonly kinds: readonly Resources[];
  /** Which kind each one is that comes, in order. */
  readonly arrivals: Uint8Array;
}

/** Half of them have no CPU limit, as game servers often have none. */
const KINDS: readonly Resources[] = [64, 96, 128, 160, 192, 256, 384, 512].flatMap((ramMb) => [
  { ramMb, cpuMilli: 0, diskMb: ramMb * 4, ports: 1 },
  { ramMb, cpuMilli: ramMb / 4, diskMb: ramMb * 4, ports: 2 },
]);

/** Machines of three sizes, which together have 1.5 % more RAM than is asked for, and a fifth more CPU and disk. */
const SIZES = [0.5, 1, 1.5];
const SPARE_RAM = 1.015;
const SPARE_OTHERS = 1.2;
/** Of 65,536, less those of the system and of outgoing connections. */
const PORTS = 30_000;

export function workload({ nodes, asks, seed }: Shape): Workload {
  const random = seededRandom(seed);
  const arrivals = Uint8Array.from({ length: asks }, () => random.whole(0, KINDS.length - 1));
  const total = { ramMb: 0, cpuMilli: 0, diskMb: 0 };
  for (const kind of arrivals) {
    const ask = KINDS[kind];
    if (ask === undefined) continue;
    total.ramMb += ask.ramMb;
    total.cpuMilli += ask.cpuMilli;
    total.diskMb += ask.diskMb;
  }
  const share = (amount: number, spare: number, factor: number): number => Math.ceil((amount * spare * factor) / nodes);
  const reserve = 16_384 / usableRamMb(16_384, 1);
  const sizes = SIZES.map((factor) => ({
    ramMb: share(total.ramMb, SPARE_RAM * reserve, factor),
    cpuMilli: share(total.cpuMilli, SPARE_OTHERS, factor),
    diskMb: share(total.diskMb, SPARE_OTHERS, factor),
    ports: PORTS,
  }));
  return {
    nodes: Array.from({ length: nodes }, (_, at) => nodeOf(at, sizes[at % sizes.length])),
    kinds: KINDS,
    arrivals,
  };
}

const NOTHING = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0 };

const nodeOf = (at: number, size: Resources = NOTHING): NodeState => ({
  id: `node-${at}`,
  size,
  held: { ...NOTHING, servers: 0 },
  ready: true,
  healthy: true,
  cordoned: false,
  system: false,
  busy: false,
  dedicated: false,
  labels: [],
});
