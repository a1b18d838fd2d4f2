import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { systemPorts } from '../../src/actors/system-ports.ts';
import { createPool, type Pool } from '../../src/planner/threads/pool.ts';
import { createSupervised, type Supervised, type Supervision } from '../../src/planner/threads/supervised.ts';
import type { Fault, FragileJob } from './threads/fragile.ts';
import type { FragileModel } from './threads/fragile-thread.ts';

const JOB = new URL('./threads/fragile.ts', import.meta.url);
const THREAD = new URL('./threads/fragile-thread.ts', import.meta.url);
const FAULTS: readonly Fault[] = ['hang', 'exit', 'throw'];

/** Below what a busy machine takes to start a thread, a deadline would find threads that do not hang. */
const DEADLINE_MS = 3_000;

interface Harness {
  readonly supervision: Supervision;
  readonly reports: string[];
}

function harness(limits: Partial<Supervision> = {}): Harness {
  const reports: string[] = [];
  const supervision: Supervision = {
    clock: systemPorts.clock,
    deadlineMs: DEADLINE_MS,
    attempts: 2,
    waitingMax: 10,
    report: (_, { reason }) => reports.push(String(reason)),
    ...limits,
  };
  return { supervision, reports };
}

function supervised(
  t: ExecutionContext,
  limits?: Partial<Supervision>,
): Harness & { readonly thread: Supervised<FragileModel> } {
  const made = harness(limits);
  const thread = createSupervised<FragileModel>(THREAD, made.supervision);
  t.teardown(() => thread.close());
  return { ...made, thread };
}

function pool(
  t: ExecutionContext,
  limits?: Partial<Supervision>,
): Harness & { readonly jobs: Pool<FragileJob, number> } {
  const made = harness(limits);
  const jobs = createPool<FragileJob, number>(JOB, 1, made.supervision);
  t.teardown(() => jobs.close());
  return { ...made, jobs };
}

function failing(fault: Fault, times: number, value: number): FragileJob {
  const shared = new SharedArrayBuffer(4);
  new Int32Array(shared)[0] = times;
  return { fault, times: shared, value };
}

for (const fault of FAULTS) {
  test(`a thread that does ${fault} is replaced, the question asked again, and those behind it answered`, async (t) => {
    const { thread, reports } = supervised(t);
    const job = failing(fault, 1, 7);
    const answers = [thread.ask((remote) => remote.answer(job)), thread.ask((remote) => remote.double(4))];
    t.deepEqual(await Promise.all(answers), [7, 8]);
    t.is(reports.length, 1);
  });

  test(`a question on which every thread does ${fault} is given up after its attempts, and only that one`, async (t) => {
    const { thread, reports } = supervised(t);
    const poison = thread.ask((remote) => remote.answer(failing(fault, 100, 7)));
    const next = thread.ask((remote) => remote.double(4));
    t.like(await t.throwsAsync(poison), { code: 'planner_unavailable', retry: 'transient' });
    t.is(await next, 8);
    t.is(reports.length, 2);
  });

  test(`a pool whose thread does ${fault} does the job again, and those behind it`, async (t) => {
    const { jobs, reports } = pool(t);
    const answers = await Promise.all([
      jobs.run(failing(fault, 1, 7)),
      jobs.run(failing(fault, 0, 8)),
      jobs.run(failing(fault, 0, 9)),
    ]);
    t.deepEqual(answers, [7, 8, 9]);
    t.is(reports.length, 1);
  });

  test(`a job on which every thread does ${fault} is given up after its attempts, and only that one`, async (t) => {
    const { jobs } = pool(t);
    const poison = jobs.run(failing(fault, 100, 7));
    const next = jobs.run(failing(fault, 0, 8));
    t.like(await t.throwsAsync(poison), { code: 'planner_unavailable' });
    t.is(await next, 8);
  });
}

test('what the question itself throws is its answer, and the thread goes on', async (t) => {
  const { thread, reports } = supervised(t);
  await t.throwsAsync(
    thread.ask((remote) => remote.refuse()),
    { name: 'RangeError', message: 'No.' },
  );
  t.is(await thread.ask((remote) => remote.double(2)), 4);
  t.deepEqual(reports, []);
});

test.serial('a thread that is killed between two questions is missed by nobody', async (t) => {
  const { thread } = supervised(t);
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve));
  t.is(await thread.ask((remote) => remote.double(1)), 2);
  await (await started).terminate();
  t.is(await thread.ask((remote) => remote.double(2)), 4);
});

test('more questions than may wait are refused at once', async (t) => {
  const { thread } = supervised(t, { waitingMax: 2 });
  const asked = [1, 2, 3].map((value) => thread.ask((remote) => remote.double(value)));
  t.like(await t.throwsAsync(asked[2] ?? Promise.resolve()), { code: 'planner_overloaded' });
  t.deepEqual(await Promise.all(asked.slice(0, 2)), [2, 4]);
  const { jobs } = pool(t, { waitingMax: 1 });
  const first = jobs.run(failing('exit', 0, 1));
  t.like(await t.throwsAsync(jobs.run(failing('exit', 0, 2))), { code: 'planner_overloaded' });
  t.is(await first, 1);
});

test('who waits when it is closed is told so, and a thread that hangs does not hold it up', async (t) => {
  const { thread } = supervised(t, { deadlineMs: 600_000 });
  const job = failing('hang', 1, 1);
  const waiting = [thread.ask((remote) => remote.answer(job)), thread.ask((remote) => remote.double(1))];
  const refused = Promise.all(waiting.map((one) => t.throwsAsync(one)));
  const left = new Int32Array(job.times);
  while (Atomics.load(left, 0) > 0) await new Promise(setImmediate);
  await thread.close();
  for (const error of await refused) t.like(error, { code: 'planner_closed' });
  t.like(await t.throwsAsync(thread.ask((remote) => remote.double(1))), { code: 'planner_closed' });
});

test('a pool that is closed ends its job and takes no other', async (t) => {
  const { jobs } = pool(t, { deadlineMs: 600_000 });
  const job = failing('hang', 1, 1);
  const refused = t.throwsAsync(jobs.run(job));
  const left = new Int32Array(job.times);
  while (Atomics.load(left, 0) > 0) await new Promise(setImmediate);
  await jobs.close();
  t.like(await refused, { code: 'planner_closed' });
  t.like(await t.throwsAsync(jobs.run(job)), { code: 'planner_closed' });
});
