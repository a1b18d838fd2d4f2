import { on } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { Benchmark, BenchmarkOptions } from './main.ts';
import { overHttp } from './placement-allocations.ts';
import { C2M, workload } from './placement-c2m.ts';
import { throughMailboxes } from './placement-durable.ts';
import type { Planned, PlanningData } from './placement-planning.ts';
import { throughThreads } from './placement-threads.ts';
import { median, rounded } from './report.ts';

/** HashiCorp's "C2M" by shape: how fast servers are planned onto a large fleet, and whether it slows down as the fleet fills. */
export const placement: Benchmark = {
  about: 'two million placements on 6,100 nodes: rate, slope, exactness; beside looking at every node',
  run: measure,
};

async function measure({ rounds, log }: BenchmarkOptions) {
  const load = workload(C2M);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const planned = await planAlone(rounds, log);
  const threaded = await throughThreads(load, systemPorts.clock);
  delay.disable();
  log('the durable path');
  const durable = await throughMailboxes();
  log('allocations over HTTP');
  const allocations = await overHttp();
  const slope = slopeOf(planned.map((one) => one.tenthsMs));
  const cpuSlope = slopeOf(planned.map((one) => one.tenthsCpuMs));
  const figures = {
    nodes: C2M.nodes,
    asks: C2M.asks,
    placed: Math.min(threaded.placed, ...planned.map((one) => one.placed)),
    planning_per_second: Math.round(median(planned.map((one) => one.perSecond))),
    slope: rounded(slope),
    planning_per_cpu_second: Math.round(median(planned.map((one) => one.perCpuSecond))),
    cpu_slope: rounded(cpuSlope),
    samples: planned.reduce((sum, one) => sum + one.samples, 0),
    samples_not_exact: planned.reduce((sum, one) => sum + one.notExact, 0),
    nodes_beyond_their_room: [...planned, threaded].reduce((sum, one) => sum + one.overcommitted, 0),
    exhaustive_per_second: Math.round(median(planned.map((one) => one.exhaustivePerSecond))),
    through_threads_per_second: Math.round(threaded.perSecond),
    durable_per_second: Math.round(durable.perSecond),
    durable_placed: durable.placed,
    durable_rows: durable.rows,
    durable_refused: durable.refused,
    durable_cpu_us: { node: rounded(durable.cpu.node), postgres: rounded(durable.cpu.postgres) },
    durable_nodes_beyond_their_room: durable.nodesBeyondTheirRoom,
    allocations_per_second: Math.round(allocations.perSecond),
    allocations_p50_ms: rounded(allocations.p50Ms),
    allocations_p99_ms: rounded(allocations.p99Ms),
    allocated: allocations.allocated,
    double_allocations: allocations.double,
    event_loop_longest_block_ms: rounded(Math.max(delay.max / 1e6, durable.longestBlockMs, allocations.longestBlockMs)),
    event_loop_p99_ms: rounded(delay.percentile(99) / 1e6),
    raw: {
      longest_block_ms: {
        planning: rounded(delay.max / 1e6),
        durable: rounded(durable.longestBlockMs),
        allocations: rounded(allocations.longestBlockMs),
      },
      planning_per_second: planned.map((one) => Math.round(one.perSecond)),
      planning_per_cpu_second: planned.map((one) => Math.round(one.perCpuSecond)),
      tenths_ms: planned.map((one) => one.tenthsMs.map(Math.round)),
      tenths_cpu_ms: planned.map((one) => one.tenthsCpuMs.map(Math.round)),
    },
  };
  const lines = [
    `${figures.planning_per_second} placements planned a second, slope ${figures.slope} from the first tenth to the last`,
    `${figures.planning_per_cpu_second} a second of the thread's own processor time, slope ${figures.cpu_slope}`,
    `${figures.exhaustive_per_second}/s by looking at every node; ${figures.samples_not_exact} of ${figures.samples} samples differ from it`,
    `${figures.through_threads_per_second}/s in batches through the planner's threads, shared memory written after each`,
    `${figures.durable_per_second}/s committed in the nodes' mailboxes, ${figures.durable_refused} proposals refused there`,
    `${figures.allocations_per_second}/s allocated over HTTP, p50 ${figures.allocations_p50_ms} ms, p99 ${figures.allocations_p99_ms} ms, ${figures.double_allocations} double`,
    `${figures.nodes_beyond_their_room} nodes beyond their room; longest block of the event loop ${figures.event_loop_longest_block_ms} ms`,
  ];
  return { figures, lines };
}

async function planAlone(rounds: number, log: (line: string) => void): Promise<Planned[]> {
  const thread = new Worker(new URL('./placement-planning.ts', import.meta.url), {
    workerData: { rounds } satisfies PlanningData,
  });
  const planned: Planned[] = [];
  for await (const [round] of on(thread, 'message', { close: ['exit'] })) {
    planned.push(round);
    log(
      `round ${planned.length}: ${Math.round(round.perSecond)}/s, ${Math.round(round.perCpuSecond)}/s of processor time`,
    );
  }
  return planned;
}

/** How much faster the last tenth was than the first, by the median round of each; below 0: slower. */
function slopeOf(rounds: readonly (readonly number[])[]): number {
  const tenth = (at: number): number => median(rounds.map((ms) => ms.at(at) ?? 0));
  return tenth(0) / tenth(-1) - 1;
}
