import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { Benchmark, BenchmarkOptions } from './main.ts';
import { C2M, type Shape, workload } from './placement-c2m.ts';
import { planning } from './placement-planning.ts';
import { throughThreads } from './placement-threads.ts';
import { median, rounded } from './report.ts';

/** HashiCorp's "C2M" by shape: how fast servers are planned onto a large fleet, and whether it slows down as the fleet fills. */
export const placement: Benchmark = {
  about: 'two million placements on 6,100 nodes: rate, slope, exactness; beside looking at every node',
  run: (options) => measure(options, C2M),
};

async function measure({ rounds, log }: BenchmarkOptions, shape: Shape) {
  const load = workload(shape);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  // A first round, on part of it, is for the compiler.
  await planning(load, Math.min(shape.asks, 400_000));
  delay.enable();
  const planned: Awaited<ReturnType<typeof planning>>[] = [];
  const threaded: Awaited<ReturnType<typeof throughThreads>>[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    planned.push(await planning(load, shape.asks));
    threaded.push(await throughThreads(load, systemPorts.clock));
    const [own, across] = [planned.at(-1), threaded.at(-1)];
    log(
      `round ${round}: ${own?.perSecond.toFixed(0)}/s, slope ${own?.slope.toFixed(3)}; ${across?.perSecond.toFixed(0)}/s through threads`,
    );
  }
  delay.disable();
  const perSecond = median(planned.map((one) => one.perSecond));
  const slope = median(planned.map((one) => one.slope));
  const exhaustive = median(planned.map((one) => one.exhaustivePerSecond));
  const figures = {
    nodes: shape.nodes,
    asks: shape.asks,
    placed: planned.map((one) => one.placed),
    planning_per_second: Math.round(perSecond),
    slope: rounded(slope),
    planning_per_cpu_second: Math.round(median(planned.map((one) => one.perCpuSecond))),
    cpu_slope: rounded(median(planned.map((one) => one.cpuSlope))),
    samples: planned.reduce((sum, one) => sum + one.samples, 0),
    samples_not_exact: planned.reduce((sum, one) => sum + one.notExact, 0),
    nodes_beyond_their_room: [...planned, ...threaded].reduce((sum, one) => sum + one.overcommitted, 0),
    exhaustive_per_second: Math.round(exhaustive),
    through_threads_per_second: Math.round(median(threaded.map((one) => one.perSecond))),
    through_threads_placed: threaded.map((one) => one.placed),
    event_loop_longest_block_ms: rounded(delay.max / 1e6),
    raw: {
      planning_per_second: planned.map((one) => Math.round(one.perSecond)),
      slope: planned.map((one) => rounded(one.slope)),
      planning_per_cpu_second: planned.map((one) => Math.round(one.perCpuSecond)),
      cpu_slope: planned.map((one) => rounded(one.cpuSlope)),
      tenths_per_second: planned.map((one) => one.tenths.map(Math.round)),
      through_threads_per_second: threaded.map((one) => Math.round(one.perSecond)),
    },
  };
  const lines = [
    `${figures.planning_per_second} placements planned a second, ${figures.slope} from the first tenth to the last`,
    `${figures.planning_per_cpu_second} a second of the thread's own processor time, ${figures.cpu_slope} from the first tenth to the last`,
    `${figures.exhaustive_per_second}/s by looking at every node; ${figures.samples_not_exact} of ${figures.samples} samples differ from it`,
    `${figures.through_threads_per_second}/s in batches through the threads and shared memory`,
    `${figures.nodes_beyond_their_room} nodes beyond their room; longest block of the event loop ${figures.event_loop_longest_block_ms} ms`,
  ];
  return { figures, lines };
}
