import test from 'ava';
import type { StoredTimer } from '../../src/actors/store.ts';
import { createTimerService } from '../../src/actors/timers.ts';
import { createUnderway } from '../../src/actors/underway.ts';

const POLL_MS = 1_000;

/** A clock that stands still until it is moved. */
function handClock() {
  let now = 0;
  const alarms = new Set<{ at: number; run: () => void }>();
  return {
    now: () => now,
    monotonic: () => now,
    schedule(delayMs: number, run: () => void) {
      const alarm = { at: now + delayMs, run };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },
    /** The waits that are left until the alarms, shortest first. */
    waits: () => [...alarms].map(({ at }) => at - now).sort((a, b) => a - b),
    move(ms: number) {
      now += ms;
      for (const alarm of [...alarms]) {
        if (alarm.at > now) continue;
        alarms.delete(alarm);
        alarm.run();
      }
    },
  };
}

type Answer = { due: readonly StoredTimer[]; nextInMs: number | null };

function service() {
  const clock = handClock();
  const underway = createUnderway();
  const fired: string[] = [];
  const looks: PromiseWithResolvers<Answer>[] = [];
  const timers = createTimerService({
    store: {
      dueTimers() {
        const look = Promise.withResolvers<Answer>();
        looks.push(look);
        return look.promise;
      },
    },
    clock,
    underway,
    pollMs: POLL_MS,
    fire: ({ timerId }) => fired.push(timerId),
    failed: () => fired.push('failed'),
  });
  timers.start();
  clock.move(0);
  const answer = async (due: readonly string[], nextInMs: number | null) => {
    const timer = (timerId: string): StoredTimer => ({
      address: 'lamp/1',
      timerId,
      incarnation: 1,
      event: { type: timerId },
      dueInMs: 0,
    });
    looks.at(-1)?.resolve({ due: due.map(timer), nextInMs });
    await underway.idle();
  };
  return { clock, timers, fired, looks, underway, answer };
}

test('It looks at once, hands out what is due, and looks again when the next is due, but no later than the poll', async (t) => {
  const { clock, fired, answer } = service();
  await answer(['a', 'b'], 40);
  t.deepEqual(fired, ['a', 'b']);
  t.deepEqual(clock.waits(), [40]);
  clock.move(40);
  await answer(['c'], 5_000);
  t.deepEqual(clock.waits(), [POLL_MS]);
  clock.move(POLL_MS);
  await answer([], null);
  t.deepEqual(clock.waits(), [POLL_MS]);
});

test('A timer that is set before the next look brings it forward; a later one does not', async (t) => {
  const { clock, timers, looks, answer } = service();
  await answer([], 500);
  timers.expect(800);
  t.deepEqual(clock.waits(), [500]);
  timers.expect(30);
  t.deepEqual(clock.waits(), [30]);
  clock.move(30);
  t.is(looks.length, 2);
});

test('A timer that is set while it looks is not overlooked', async (t) => {
  const { clock, timers, answer } = service();
  timers.expect(70);
  timers.expect(25);
  clock.move(5);
  await answer([], null);
  t.deepEqual(clock.waits(), [20]);
});

test('A look that fails is told, and followed by another', async (t) => {
  const { clock, fired, looks, underway } = service();
  looks[0]?.reject(new Error('away'));
  await underway.idle();
  t.deepEqual(fired, ['failed']);
  t.deepEqual(clock.waits(), [POLL_MS]);
});

test('Once stopped it hands out nothing and looks no more', async (t) => {
  const { clock, timers, fired, answer } = service();
  timers.stop();
  await answer(['a'], 10);
  timers.expect(5);
  t.deepEqual(fired, []);
  t.deepEqual(clock.waits(), []);
});
