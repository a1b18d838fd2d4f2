import { factsOf } from '../context.ts';
import { createStateConfig } from '../setup.ts';

const OVER = { guard: 'isOver', target: '#node.pressure.over' } as const;
const CRITICAL = { guard: 'isCritical', target: '#node.pressure.critical' } as const;
const HIGH = { guard: 'isOnlyHigh', target: '#node.pressure.high' } as const;
const CALM = { guard: 'isCalm', target: '#node.pressure.calm' } as const;

/** Derived from readings. It cordons by itself (`isCordoned`), and lifts what it set by itself. */
export const pressure = createStateConfig({
  initial: 'calm',
  states: {
    calm: { always: [OVER, CRITICAL, HIGH] },
    high: { always: [OVER, CRITICAL, CALM] },
    /** The disk is about to be full: what nobody needs goes first, and owners and operators are told. */
    critical: {
      initial: 'cleaning',
      always: [OVER, HIGH, CALM],
      states: {
        cleaning: {
          invoke: {
            id: 'cleanDisk',
            src: 'cleanDisk',
            input: ({ context }) => factsOf(context),
            onDone: 'alarmed',
            onError: 'alarmed',
          },
          after: { cleaningDeadline: 'alarmed' },
        },
        alarmed: { after: { cleanAgain: 'cleaning' } },
      },
    },
    over: { type: 'final' },
  },
});
