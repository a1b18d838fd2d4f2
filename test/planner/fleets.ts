/** Fleets and asks of every kind, and the plain way to place: look at each node, without index, threads or shared memory. */
import fc from 'fast-check';
import type { Ask } from '../../src/planner/ask.ts';
import { fits, freeFor, type Held, type Resources, usableRamMb } from '../../src/planner/fit.ts';
import { createFleetMemory, type FleetMemory } from '../../src/planner/fleet-memory.ts';
import type { NodeState } from '../../src/planner/layout.ts';
import type { Strategy } from '../../src/planner/strategies.ts';

/** Arrays of a few dozens, not of a few. */
fc.configureGlobal({ baseSize: 'medium' });

const LABELS = ['region=fsn', 'region=nbg', 'disk=nvme', 'gpu=yes'];

/** Small numbers, so that ties, full nodes and exact fits are common. */
export const sizeArbitrary: fc.Arbitrary<Resources> = fc.record({
  ramMb: fc.oneof(fc.constantFrom(4096, 16_384, 16_384), fc.integer({ min: 0, max: 20_000 })),
  cpuMilli: fc.integer({ min: 0, max: 8 }).map((cores) => cores * 1000),
  diskMb: fc.integer({ min: 0, max: 40 }).map((gb) => gb * 1024),
  ports: fc.integer({ min: 0, max: 20 }),
});

export const resourcesArbitrary: fc.Arbitrary<Resources> = fc.record({
  ramMb: fc.integer({ min: 0, max: 12 }).map((steps) => steps * 512),
  cpuMilli: fc.constantFrom(0, 0, 500, 1000, 2000),
  diskMb: fc.constantFrom(0, 1024, 5120),
  ports: fc.integer({ min: 0, max: 3 }),
});

const heldArbitrary: fc.Arbitrary<Held> = fc.record({
  ramMb: fc.integer({ min: 0, max: 16_384 }),
  cpuMilli: fc.integer({ min: 0, max: 4000 }),
  diskMb: fc.integer({ min: 0, max: 20_000 }),
  ports: fc.integer({ min: 0, max: 10 }),
  servers: fc.integer({ min: 0, max: 30 }),
});

const mostly = (value: boolean): fc.Arbitrary<boolean> => fc.constantFrom(value, value, value, value, !value);

export const nodeArbitrary = (id: string): fc.Arbitrary<NodeState> =>
  fc.record({
    id: fc.constant(id),
    size: sizeArbitrary,
    held: heldArbitrary,
    ready: mostly(true),
    healthy: mostly(true),
    cordoned: mostly(false),
    system: mostly(false),
    busy: mostly(false),
    dedicated: fc.boolean(),
    labels: fc.subarray(LABELS),
  });

export const nodesArbitrary = (maxLength = 12): fc.Arbitrary<NodeState[]> =>
  fc
    .integer({ min: 0, max: maxLength })
    .chain((length) => fc.tuple(...Array.from({ length }, (_, at) => nodeArbitrary(`node-${at}`))));

const nodeIdArbitrary = fc.integer({ min: 0, max: 12 }).map((at) => `node-${at}`);

export const askArbitrary: fc.Arbitrary<Ask> = fc
  .record({
    resources: resourcesArbitrary,
    labels: fc.oneof(fc.constant([]), fc.subarray([...LABELS, 'nobody=has'], { maxLength: 2 })),
    avoid: fc.oneof(fc.constant([]), fc.array(nodeIdArbitrary, { maxLength: 3 })),
    only: fc.option(nodeIdArbitrary, { nil: undefined, freq: 4 }),
    group: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    dataOn: fc.option(nodeIdArbitrary, { nil: undefined }),
    after: fc.option(nodeIdArbitrary, { nil: undefined }),
  })
  .map(({ resources, ...ask }) => ({ ...resources, ...ask }));

export const node = (id: string, ramMb: number, more: Partial<NodeState> = {}): NodeState => ({
  id,
  size: { ramMb, cpuMilli: 8000, diskMb: 100_000, ports: 100 },
  held: { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0, servers: 0 },
  ready: true,
  healthy: true,
  cordoned: false,
  system: false,
  busy: false,
  dedicated: false,
  labels: [],
  ...more,
});

export const ask = (ramMb: number, more: Partial<Ask> = {}): Ask => ({
  ramMb,
  cpuMilli: 0,
  diskMb: 0,
  ports: 0,
  ...more,
});

export function memoryOf(nodes: readonly NodeState[]): FleetMemory {
  const memory = createFleetMemory();
  for (const one of nodes) memory.put(one);
  return memory;
}

export const freeOn = ({ size, held }: NodeState): Resources => freeFor(size, held);

export const mayTake = (one: NodeState, wanted: Ask): boolean =>
  one.ready &&
  one.healthy &&
  !one.cordoned &&
  !one.system &&
  !one.busy &&
  (wanted.labels ?? []).every((label) => one.labels.includes(label)) &&
  !(wanted.avoid ?? []).includes(one.id) &&
  (wanted.only === undefined || wanted.only === one.id) &&
  fits(freeOn(one), wanted);

/** What of the resources counts for the best fit. */
export type Weigh = (resources: Resources) => number;

/** The strategies once more, in the words of the design and not of the code under test. The lower, the better. */
const PREFERENCE: Record<Strategy, (one: NodeState, at: number, after: number, weigh: Weigh) => number> = {
  best_fit: (one, _at, _after, weigh) => weigh(freeOn(one)),
  worst_fit: (one) => -freeOn(one).ramMb,
  spread: ({ size, held }) => {
    const usable = usableRamMb(size.ramMb, held.servers + 1);
    return usable === 0 ? Number.POSITIVE_INFINITY : Math.floor((held.ramMb * 1e6) / usable);
  },
  round_robin: (_, at, after) => (at > after ? at : at + 1e6),
};

/** The node that is best of all, by looking at all of them; null if none will do. */
export function exhaustive(
  nodes: readonly NodeState[],
  wanted: Ask,
  strategy: Strategy,
  weigh: Weigh = ({ ramMb }) => ramMb,
): string | null {
  const after = nodes.findIndex(({ id }) => id === wanted.after);
  const rank = (one: NodeState, at: number): readonly number[] => [
    one.id === wanted.dataOn ? 0 : 1,
    one.dedicated ? 0 : 1,
    PREFERENCE[strategy](one, at, after, weigh),
    at,
  ];
  const ranked = nodes.map((one, at) => ({ one, rank: rank(one, at) })).filter(({ one }) => mayTake(one, wanted));
  ranked.sort(
    (a, b) => a.rank.map((value, at) => value - (b.rank[at] ?? 0)).find((d) => d !== 0 && !Number.isNaN(d)) ?? 0,
  );
  return ranked[0]?.one.id ?? null;
}

/** The node with one more server on it. */
export const withServer = (one: NodeState, { ramMb, cpuMilli, diskMb, ports }: Resources): NodeState => ({
  ...one,
  held: {
    ramMb: one.held.ramMb + ramMb,
    cpuMilli: one.held.cpuMilli + cpuMilli,
    diskMb: one.held.diskMb + diskMb,
    ports: one.held.ports + ports,
    servers: one.held.servers + 1,
  },
});
