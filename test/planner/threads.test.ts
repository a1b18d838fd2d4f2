import type { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { createPool, type Pool } from '../../src/planner/threads/pool.ts';
import { createSupervised, type Supervised, type Supervision } from '../../src/planner/threads/supervised.ts';
import type { Fault, FragileJob } from './threads/fragile.ts';
import type { FragileModel } from './threads/fragile-thread.ts';
import { type HandClock, handClock } from './threads/hand-clock.ts';

const JOB = new URL('./threads/fragile.ts', import.meta.url);
const THREAD = new URL('./threads/fragile-thread.ts', import.meta.url);
const FAULTS: readonly Fault[] = ['hang', 'exit', 'throw'];

interface Harness {
  readonly clock: HandClock;
  readonly supervision: Supervision;
  readonly reports: string[];
}

function harness(limits: Partial<Supervision> = {}): Harness {
  const reports: string[] = [];
  const clock = handClock();
  const report: Supervision['report'] = (_, { reason }) => {
    reports.push(String(reason));
  };
  return { clock, reports, supervision: { clock, deadlineMs: 1_000, attempts: 2, waitingMax: 10, report, ...limits } };
}

type Threads = Harness & { readonly thread: Supervised<FragileModel> };

function supervised(t: ExecutionContext, limits?: Partial<Supervision>): Threads {
  const made = harness(limits);
  const thread = createSupervised<FragileModel>(THREAD, made.supervision);
  t.teardown(() => thread.close());
  return { ...made, thread };
}

type Jobs = Harness & { readonly jobs: Pool<FragileJob, number> };

function pool(t: ExecutionContext, limits?: Partial<Supervision>): Jobs {
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

/** Resolves when the job has failed so often that only so many times are left. */
async function failedDownTo({ times }: FragileJob, left: number): Promise<void> {
  const word = new Int32Array(times);
  while (Atomics.load(word, 0) > left) await new Promise(setImmediate);
}

/** Each time that a thread hangs on the job, its deadline passes. */
async function watch({ fault, times }: FragileJob, clock: HandClock, attempts: number): Promise<void> {
  const all = new Int32Array(times)[0] ?? 0;
  for (let left = all - 1; fault === 'hang' && left >= all - attempts; left -= 1) {
    await failedDownTo({ fault, times, value: 0 }, left);
    clock.ring();
  }
}

for (const fault of FAULTS) {
  test.serial(
    `a thread that does ${fault} is replaced, the question asked again, and those behind it answered`,
    async (t) => {
      const { thread, reports, clock } = supervised(t);
      const job = failing(fault, 1, 7);
      const answers = [thread.ask((remote) => remote.answer(job)), thread.ask((remote) => remote.double(4))];
      await watch(job, clock, 1);
      t.deepEqual(await Promise.all(answers), [7, 8]);
      t.is(reports.length, 1);
    },
  );

  test.serial(
    `a question on which every thread does ${fault} is given up after its attempts, and only that one`,
    async (t) => {
      const { thread, reports, clock } = supervised(t);
      const job = failing(fault, 100, 7);
      const poison = t.throwsAsync(thread.ask((remote) => remote.answer(job)));
      const next = thread.ask((remote) => remote.double(4));
      await watch(job, clock, 2);
      t.like(await poison, { code: 'planner_unavailable', retry: 'transient' });
      t.is(await next, 8);
      t.is(reports.length, 2);
    },
  );

  test.serial(`a pool whose thread does ${fault} does the job again, and those behind it`, async (t) => {
    const { jobs, reports, clock } = pool(t);
    const job = failing(fault, 1, 7);
    const answers = [jobs.run(job), jobs.run(failing(fault, 0, 8)), jobs.run(failing(fault, 0, 9))];
    await watch(job, clock, 1);
    t.deepEqual(await Promise.all(answers), [7, 8, 9]);
    t.is(reports.length, 1);
  });

  test.serial(
    `a job on which every thread does ${fault} is given up after its attempts, and only that one`,
    async (t) => {
      const { jobs, clock } = pool(t);
      const job = failing(fault, 100, 7);
      const poison = t.throwsAsync(jobs.run(job));
      const next = jobs.run(failing(fault, 0, 8));
      await watch(job, clock, 2);
      t.like(await poison, { code: 'planner_unavailable' });
      t.is(await next, 8);
    },
  );
}

test.serial('a job that waits for others is given their time as well', async (t) => {
  const delays: number[] = [];
  const schedule = (delayMs: number): (() => void) => {
    delays.push(delayMs);
    return () => {};
  };
  const { jobs } = pool(t, { clock: { schedule } });
  await Promise.all([1, 2, 3].map((value) => jobs.run(failing('exit', 0, value))));
  t.deepEqual(delays, [1_000, 2_000, 3_000]);
});

test.serial('what the question itself throws is its answer, and the thread goes on', async (t) => {
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

test.serial('more questions than may wait are refused at once', async (t) => {
  const { thread } = supervised(t, { waitingMax: 2 });
  const asked = [1, 2, 3].map((value) => thread.ask((remote) => remote.double(value)));
  t.like(await t.throwsAsync(asked[2] ?? Promise.resolve()), { code: 'planner_overloaded' });
  t.deepEqual(await Promise.all(asked.slice(0, 2)), [2, 4]);
  const { jobs } = pool(t, { waitingMax: 1 });
  const first = jobs.run(failing('exit', 0, 1));
  t.like(await t.throwsAsync(jobs.run(failing('exit', 0, 2))), { code: 'planner_overloaded' });
  t.is(await first, 1);
});

test.serial('who waits when it is closed is told so, and a thread that hangs does not hold it up', async (t) => {
  const { thread } = supervised(t);
  const job = failing('hang', 1, 1);
  const waiting = [thread.ask((remote) => remote.answer(job)), thread.ask((remote) => remote.double(1))];
  const refused = Promise.all(waiting.map((one) => t.throwsAsync(one)));
  await failedDownTo(job, 0);
  await thread.close();
  for (const error of await refused) t.like(error, { code: 'planner_closed' });
  t.like(await t.throwsAsync(thread.ask((remote) => remote.double(1))), { code: 'planner_closed' });
});

test.serial('a pool that is closed ends its job and takes no other', async (t) => {
  const { jobs } = pool(t);
  const job = failing('hang', 1, 1);
  const refused = t.throwsAsync(jobs.run(job));
  await failedDownTo(job, 0);
  await jobs.close();
  t.like(await refused, { code: 'planner_closed' });
  t.like(await t.throwsAsync(jobs.run(job)), { code: 'planner_closed' });
});
