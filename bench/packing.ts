import { setImmediate } from 'node:timers/promises';
import { type RowAsk, toRows, wordsOf } from '../src/planner/ask.ts';
import { type Fleet, readFleet } from '../src/planner/fleet.ts';
import { createFleetMemory, PLENTY } from '../src/planner/index.ts';
import {
  bestFit,
  bestFitDecreasing,
  cutMachines,
  dotProduct,
  firstFit,
  firstFitDecreasing,
  type Instance,
  lowerBound,
  shortestRest,
  triplets,
  uniform,
} from '../src/planner/packing/index.ts';
import { place, placeBatch } from '../src/planner/place.ts';
import { seededRandom } from '../src/sim/random.ts';
import type { Benchmark, BenchmarkOptions } from './main.ts';
import { nomadMachines } from './packing-nomad.ts';
import { rounded } from './report.ts';

/** Instances of one kind; each method packs each of them. */
interface Family {
  readonly name: string;
  readonly instances: readonly Instance[];
}

/** How many machines a method takes; `bound` is the lower bound, `seed` is for methods that draw. */
type Method = (instance: Instance, bound: number, seed: number) => number;

const METHODS: Record<string, Method> = {
  first_fit: (instance) => firstFit(instance).length,
  best_fit: (instance) => bestFit(instance).length,
  log2_sampling: (instance, bound, seed) => nomadMachines(instance, bound, seededRandom(seed).next),
  first_fit_decreasing: (instance) => firstFitDecreasing(instance).length,
  best_fit_decreasing: (instance) => bestFitDecreasing(instance).length,
  dot_product: (instance) => dotProduct(instance).length,
  shortest_rest: (instance) => shortestRest(instance).length,
  baton_one_by_one: (instance) => withBaton(instance, oneByOne),
  baton_batch: (instance) => withBaton(instance, (fleet, asks) => [...placeBatch(fleet, asks, 'best_fit')]),
};

const PER_SIZE = 20;
/** Falkenauer's sizes. */
const TRIPLET_MACHINES = [20, 40, 83, 167];
const UNIFORM_ITEMS = [120, 250, 500, 1000];
const VECTOR_MACHINES = [25, 100];

export const packing: Benchmark = {
  about: 'machines used for instances with a known optimum or bound, beside first fit, best fit and log2 sampling',
  run: measure,
};

function families(): Family[] {
  const random = seededRandom(1, 'packing').next;
  const several = (make: () => Instance) => Array.from({ length: PER_SIZE }, make);
  return [
    { name: 'triplets', instances: TRIPLET_MACHINES.flatMap((machines) => several(() => triplets(machines, random))) },
    { name: 'uniform', instances: UNIFORM_ITEMS.flatMap((items) => several(() => uniform(items, random))) },
    ...[2, 3].map((dimensions) => ({
      name: `cut_${dimensions}d`,
      instances: VECTOR_MACHINES.flatMap((machines) => several(() => cutMachines(machines, dimensions, random))),
    })),
  ];
}

async function measure({ log }: BenchmarkOptions) {
  const figures: Record<string, unknown> = {};
  const lines: string[] = [];
  for (const { name, instances } of families()) {
    const bounds = instances.map(lowerBound);
    const bound = sum(bounds);
    const methods: Record<string, { machines: number; over_bound: number; ms: number }> = {};
    for (const [method, machines] of Object.entries(METHODS)) {
      const began = performance.now();
      const used: number[] = [];
      for (const [at, instance] of instances.entries()) {
        used.push(machines(instance, bounds[at] ?? 0, at));
        await setImmediate();
      }
      const total = sum(used);
      const tookMs = performance.now() - began;
      methods[method] = { machines: total, over_bound: rounded(total / bound - 1), ms: Math.round(tookMs) };
      lines.push(
        `${name.padEnd(9)} ${method.padEnd(21)} ${String(total).padStart(6)} machines, ${percent(total, bound)}`,
      );
    }
    const optimum = instances.every((one) => one.optimum !== null)
      ? sum(instances.map((one) => one.optimum ?? 0))
      : null;
    figures[name] = { instances: instances.length, lower_bound: bound, optimum, methods };
    lines.push(`${name.padEnd(9)} ${'lower bound'.padEnd(21)} ${String(bound).padStart(6)} machines`, '');
    log(`${name} done`);
  }
  return { figures, lines };
}

/** As they come, each on its best node. */
function oneByOne(fleet: Fleet, asks: readonly RowAsk[]): number[] {
  return asks.map((ask) => {
    const row = place(fleet, ask, 'best_fit');
    fleet.book(row, ask.resources);
    return row;
  });
}

/** The planner as it is used, with a fleet of equal machines that is large enough. Machines that got something count. */
function withBaton({ capacity, items }: Instance, use: (fleet: Fleet, asks: readonly RowAsk[]) => number[]): number {
  const [ramMb = 0, cpuMilli = PLENTY, diskMb = PLENTY] = capacity;
  const memory = createFleetMemory(items.length);
  // All of the machine is given out: the reserve, 15 % from 8 GiB up, comes on top.
  const scale = Math.ceil(8192 / ramMb) * 17;
  const size = { ramMb: (ramMb * scale * 20) / 17, cpuMilli, diskMb, ports: PLENTY };
  const held = { ramMb: 0, cpuMilli: 0, diskMb: 0, ports: 0, servers: 0 };
  for (const at of items.keys()) {
    const flags = { ready: true, healthy: true, cordoned: false, system: false, busy: false, dedicated: false };
    memory.put({ id: `${at}`, size, held, labels: [], ...flags });
  }
  const words = wordsOf(memory.current);
  const asks = items.map(([ram = 0, cpu = 0, disk = 0]) =>
    toRows(words, { ramMb: ram * scale, cpuMilli: cpu, diskMb: disk, ports: 0 }),
  );
  return new Set(use(readFleet(new Int32Array(memory.current.buffer)), asks)).size;
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

const percent = (machines: number, bound: number): string =>
  `${((machines / bound - 1) * 100).toFixed(2)} % above the bound`;
