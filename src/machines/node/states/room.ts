import { createStateConfig } from '../setup.ts';

const OVER = { guard: 'isOver', target: '#node.room.over' } as const;

/** The clock of the starts: room that was reserved and is not used goes back. */
export const room = createStateConfig({
  initial: 'settled',
  states: {
    settled: { always: [OVER, { guard: 'hasStarts', target: 'starting' }] },
    starting: {
      always: [OVER, { guard: 'hasNoStarts', target: 'settled' }],
      // Waits anew for the start that is the next by then.
      after: { startDeadline: { target: 'starting', reenter: true, actions: 'takeBack' } },
    },
    over: { type: 'final' },
  },
});
