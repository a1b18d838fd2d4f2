import { setImmediate } from 'node:timers/promises';
import { v7 } from 'uuid';
import type { Ports } from './ports.ts';

/** setTimeout takes 32 bit; a longer wait is cut and its caller looks at its due time again. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** The real clock, random numbers and ids. The only place where the runtime touches them. */
export const systemPorts: Ports = {
  clock: {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    schedule(delayMs, run) {
      const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), MAX_TIMEOUT_MS));
      return () => clearTimeout(timer);
    },
  },
  random: () => Math.random(),
  id: () => v7(),
  yield: () => setImmediate(),
};
