import { noCapacity } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import { answers } from './news.ts';

const LEFT = { undone: 'It left the queue.' };
const LEAVE = [{ type: 'begin', params: LEFT }, 'clearQueue', 'noteOff', 'succeed'] as const;

/** Wants to run and finds no room, or waits for its turn to start in the room that it has. Tries again by the clock, and at once when the queue says that there is room. */
export const queued = createStateConfig({
  entry: 'waitWithRoom',
  after: {
    nextAttempt: { target: 'starting', actions: 'takeTurn' },
    queueDeadline: {
      guard: 'hasNoRoom',
      target: 'failed',
      actions: [{ type: 'blame', params: noCapacity }, 'fail', 'clearQueue'],
    },
  },
  on: {
    ...answers('queued'),
    'capacity.available': 'starting',
    stop: { target: 'stopped', actions: LEAVE },
    cancel: { guard: 'cancelsThis', target: 'stopped', actions: LEAVE },
    delete: { guard: 'stopsFirst', target: 'deleted', actions: LEAVE },
  },
});
