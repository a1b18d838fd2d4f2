import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import {
  createFleetMemory,
  createInlinePlanner,
  createPlanner,
  type FleetMemory,
  type Planner,
  type PlannerLimits,
} from '../../src/planner/index.ts';
import { ask, askArbitrary, memoryOf, node, nodesArbitrary } from './fleets.ts';
import { handClock } from './threads/hand-clock.ts';

interface Running {
  readonly planner: Planner;
  readonly reports: string[];
}

function running(
  t: ExecutionContext,
  memory: FleetMemory,
  limits?: Partial<PlannerLimits>,
  clock = handClock(),
): Running {
  const reports: string[] = [];
  const report = (message: string): void => {
    reports.push(message);
  };
  const planner = createPlanner({ memory, clock, report, limits });
  t.teardown(() => planner.close());
  return { planner, reports };
}

/** All threads that are started from now on. */
function threads(t: ExecutionContext): Worker[] {
  const found: Worker[] = [];
  const add = (worker: Worker): void => {
    found.push(worker);
  };
  process.on('worker', add);
  t.teardown(() => process.off('worker', add));
  return found;
}

test.serial('on threads it answers as it does in place, while the fleet changes and grows', async (t) => {
  const memory = createFleetMemory();
  const { planner, reports } = running(t, memory);
  const inline = createInlinePlanner({ memory });
  const asks = fc.array(askArbitrary, { maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(nodesArbitrary(40), askArbitrary, asks, async (nodes, wanted, batch) => {
      for (const [at, one] of nodes.entries()) if (at % 3 === 0) memory.remove(one.id);
      for (const one of nodes) memory.put(one);
      t.is(await planner.place(wanted), await inline.place(wanted));
      t.deepEqual(await planner.placeBatch(batch), await inline.placeBatch(batch));
      t.deepEqual(await planner.explain(wanted), await inline.explain(wanted));
      const question = { without: ['node-1', 'no such node'], added: [node('bought', 32_768)], asks: batch };
      t.deepEqual(await planner.whatIf(question), await inline.whatIf(question));
    }),
    { numRuns: 30 },
  );
  t.true(memory.current.number > 1, 'it grew');
  t.deepEqual(reports, []);
});

test.serial('a thread that is killed while it is asked is replaced, and knows the fleet as it is now', async (t) => {
  const memory = memoryOf([node('a', 8192)]);
  const { planner, reports } = running(t, memory);
  const started = threads(t);
  t.is(await planner.place(ask(1024)), 'a');
  for (let round = 0; round < 3; round += 1) {
    memory.put(node(`smaller-${round}`, 8000 - round * 500));
    const asked = planner.place(ask(1024));
    await started.at(-1)?.terminate();
    t.is(await asked, `smaller-${round}`);
  }
  t.is(started.length, 4);
  t.true(reports.length <= 3);
});

test.serial('a pool thread that is killed in the middle of a batch is replaced, and the batch placed', async (t) => {
  const memory = memoryOf(Array.from({ length: 500 }, (_, at) => node(`node-${at}`, 65_536)));
  const { planner, reports } = running(t, memory);
  const started = threads(t);
  const batch = Array.from({ length: 3_000 }, (_, at) => ask(512 + at));
  const expected = await createInlinePlanner({ memory }).placeBatch(batch);
  t.deepEqual(await planner.placeBatch(batch), expected);
  const asked = planner.placeBatch(batch);
  await started[0]?.terminate();
  t.deepEqual(await asked, expected);
  t.is(started.length, 2);
  t.is(reports.length, 1);
});

test.serial('a question that takes longer than the deadline is given up, and the next one answered', async (t) => {
  const memory = memoryOf([node('a', 8192)]);
  const clock = handClock();
  const { planner, reports } = running(t, memory, { attempts: 1 }, clock);
  const online = new Promise<void>((resolve) =>
    process.once('worker', (worker: Worker) => worker.once('online', resolve)),
  );
  const added = Array.from({ length: 2_000 }, (_, at) => node(`new-${at}`, 32_768));
  // Each server of the group has to stay off the nodes of all others, which takes many seconds.
  const asks = Array.from({ length: 4_000 }, () => ask(1, { group: 'all' }));
  const refused = t.throwsAsync(planner.whatIf({ added, asks }));
  await online;
  clock.ring();
  t.like(await refused, { code: 'planner_unavailable' });
  t.is(reports.length, 1);
  t.is(await planner.place(ask(1024)), 'a');
});

test.serial('a batch that is too large is refused', async (t) => {
  const { planner } = running(t, memoryOf([]), { batchMax: 2 });
  const asks = [ask(1), ask(1), ask(1)];
  t.like(await t.throwsAsync(planner.placeBatch(asks)), { code: 'batch_too_large', details: { most: 2, asked: 3 } });
  t.like(await t.throwsAsync(planner.whatIf({ asks })), { code: 'batch_too_large' });
});

test.serial('in an empty fleet there is room for nobody', async (t) => {
  const { planner } = running(t, createFleetMemory());
  t.is(await planner.place(ask(1)), null);
  t.deepEqual(await planner.placeBatch([ask(1)]), [null]);
  t.deepEqual(await planner.explain(ask(1)), []);
});

test.serial('once it is closed it answers nothing', async (t) => {
  const { planner } = running(t, memoryOf([node('a', 8192)]));
  t.is(await planner.place(ask(1)), 'a');
  await planner.close();
  await planner.close();
  t.like(await t.throwsAsync(planner.place(ask(1))), { code: 'planner_closed' });
  t.like(await t.throwsAsync(planner.placeBatch([ask(1)])), { code: 'planner_closed' });
});
