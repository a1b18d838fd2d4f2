/**
 * Planning alone: place and book, one server after the other as they come, in one picture of the fleet. Runs on a thread of
 * its own, as the planner does.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type RowAsk, toRows, wordsOf } from '../src/planner/ask.ts';
import { fits, RESOURCES, usableRamMb } from '../src/planner/fit.ts';
import { type Fleet, readFleet } from '../src/planner/fleet.ts';
import { createFleetMemory } from '../src/planner/index.ts';
import { NOWHERE, place } from '../src/planner/place.ts';
import { C2M, type Workload, workload } from './placement-c2m.ts';

export interface Planned {
  readonly perSecond: number;
  /** A second of this thread's own time on a processor, for a machine that others use, too. */
  readonly perCpuSecond: number;
  readonly tenthsMs: readonly number[];
  readonly tenthsCpuMs: readonly number[];
  readonly placed: number;
  /** Placements compared with looking at every node, and how many were on another node. */
  readonly samples: number;
  readonly notExact: number;
  readonly exhaustivePerSecond: number;
  readonly overcommitted: number;
}

export interface PlanningData {
  readonly rounds: number;
}

/** Servers between two comparisons with looking at every node. */
const STRETCH = 20_000;

function planning({ nodes, kinds, arrivals }: Workload, asks: number): Planned {
  const memory = createFleetMemory(nodes.length);
  for (const node of nodes) memory.put(node);
  const fleet = readFleet(new Int32Array(memory.current.buffer));
  const rowAsks = kinds.map((kind) => toRows(wordsOf(memory.current), kind));
  const [tookMs, cpuMs] = [new Float64Array(10), new Float64Array(10)];
  const compared = { samples: 0, notExact: 0, ms: 0 };
  let placed = 0;
  // The index is made with the first question.
  for (const ask of rowAsks) place(fleet, ask, 'best_fit');
  for (let from = 0; from < asks; from += STRETCH) {
    const tenth = Math.floor((from / asks) * 10);
    const [began, cpuBegan] = [performance.now(), cpuNowMs()];
    placed += fill(fleet, rowAsks, arrivals.subarray(from, Math.min(asks, from + STRETCH)));
    tookMs[tenth] = (tookMs[tenth] ?? 0) + performance.now() - began;
    cpuMs[tenth] = (cpuMs[tenth] ?? 0) + cpuNowMs() - cpuBegan;
    for (const ask of rowAsks) compare(fleet, ask, compared);
  }
  return {
    perSecond: rate(asks, tookMs),
    perCpuSecond: rate(asks, cpuMs),
    tenthsMs: [...tookMs],
    tenthsCpuMs: [...cpuMs],
    placed,
    samples: compared.samples,
    notExact: compared.notExact,
    exhaustivePerSecond: (compared.samples / compared.ms) * 1000,
    overcommitted: overcommitted(fleet),
  };
}

function fill(fleet: Fleet, rowAsks: readonly RowAsk[], arrivals: Uint8Array): number {
  let placed = 0;
  for (const kind of arrivals) {
    const ask = rowAsks[kind];
    if (ask === undefined) continue;
    const row = place(fleet, ask, 'best_fit');
    if (row === NOWHERE) continue;
    fleet.book(row, ask.resources);
    placed += 1;
  }
  return placed;
}

function compare(fleet: Fleet, ask: RowAsk, compared: { samples: number; notExact: number; ms: number }): void {
  const began = performance.now();
  const best = byLooking(fleet, ask);
  compared.ms += performance.now() - began;
  compared.samples += 1;
  if (best !== place(fleet, ask, 'best_fit')) compared.notExact += 1;
}

/** The best fit without an index. */
function byLooking(fleet: Fleet, { resources }: RowAsk): number {
  let [best, least] = [NOWHERE, Number.POSITIVE_INFINITY];
  for (let row = 0; row < fleet.used; row += 1) {
    const free = fleet.free(row);
    if (free.ramMb < least && fits(free, resources)) [best, least] = [row, free.ramMb];
  }
  return best;
}

const cpuNowMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const rate = (asks: number, tenthsMs: Float64Array): number => (asks / tenthsMs.reduce((sum, ms) => sum + ms)) * 1000;

/** How many nodes hold more than they have. */
export function overcommitted(fleet: Fleet): number {
  let found = 0;
  for (let row = 0; row < fleet.used; row += 1) {
    const [size, held] = [fleet.size(row), fleet.held(row)];
    const room = { ...size, ramMb: usableRamMb(size.ramMb, held.servers) };
    if (RESOURCES.some((resource) => held[resource] > room[resource])) found += 1;
  }
  return found;
}

if (parentPort !== null) {
  const { rounds }: PlanningData = workerData;
  const load = workload(C2M);
  // The compiler settles with the second fleet of a process, not with the first.
  for (let warmUp = 0; warmUp < 3; warmUp += 1) planning(load, C2M.asks / 5);
  for (let round = 0; round < rounds; round += 1) parentPort.postMessage(planning(load, C2M.asks));
}
