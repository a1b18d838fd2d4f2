import type { ExecutionContext, TestFn } from 'ava';
import type { Declare } from '../engine-conformance.ts';

/** Lets only so many tests of a file run at once, because an engine that is asked for fifty starts at once is slow at each. */
export function atMost(limit: number, test: TestFn): Declare {
  let running = 0;
  const waiting: (() => void)[] = [];
  const enter = () =>
    new Promise<void>((resolve) => {
      if (running < limit) {
        running += 1;
        resolve();
      } else {
        waiting.push(resolve);
      }
    });
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return (title, run) =>
    test(title, async (t: ExecutionContext) => {
      await enter();
      await run(t).finally(leave);
    });
}
