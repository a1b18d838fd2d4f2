/** The whole way: batches to the planner's threads, the answers booked, and the shared memory written by the main thread. */
import { setImmediate } from 'node:timers/promises';
import { readFleet } from '../src/planner/fleet.ts';
import {
  createFleetMemory,
  createPlanner,
  type NodeState,
  type PlannerParts,
  type Resources,
} from '../src/planner/index.ts';
import type { Workload } from './placement-c2m.ts';
import { overcommitted } from './placement-planning.ts';

export interface Threaded {
  readonly perSecond: number;
  readonly placed: number;
  readonly overcommitted: number;
}

const BATCH = 1_000;

export async function throughThreads(load: Workload, clock: PlannerParts['clock']): Promise<Threaded> {
  const { nodes, kinds, arrivals } = load;
  const memory = createFleetMemory(nodes.length);
  const current = new Map<string, NodeState>();
  const put = (node: NodeState): void => {
    current.set(node.id, node);
    memory.put(node);
  };
  for (const node of nodes) put(node);
  const report = (message: string): void => void process.stderr.write(`${message}\n`);
  const planner = createPlanner({ memory, clock, report });
  // The thread is started before the clock is.
  await planner.placeBatch([]);
  let placed = 0;
  const began = performance.now();
  for (let from = 0; from < arrivals.length; from += BATCH) {
    const asks = Array.from(arrivals.subarray(from, from + BATCH), (kind) => kinds[kind]).filter(
      (ask) => ask !== undefined,
    );
    const answers = await planner.placeBatch(asks);
    const changed = new Map<string, NodeState>();
    for (const [at, id] of answers.entries()) {
      const [node, ask] = [changed.get(id ?? '') ?? current.get(id ?? ''), asks[at]];
      if (node === undefined || ask === undefined) continue;
      changed.set(node.id, withServer(node, ask));
      placed += 1;
    }
    for (const node of changed.values()) put(node);
    await setImmediate();
  }
  const tookMs = performance.now() - began;
  await planner.close();
  const fleet = readFleet(new Int32Array(memory.current.buffer));
  return { perSecond: (arrivals.length / tookMs) * 1000, placed, overcommitted: overcommitted(fleet) };
}

const withServer = ({ held, ...node }: NodeState, ask: Resources): NodeState => ({
  ...node,
  held: {
    ramMb: held.ramMb + ask.ramMb,
    cpuMilli: held.cpuMilli + ask.cpuMilli,
    diskMb: held.diskMb + ask.diskMb,
    ports: held.ports + ask.ports,
    servers: held.servers + 1,
  },
});
