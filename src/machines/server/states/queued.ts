import { noCapacity } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import { answers } from './news.ts';

const LEFT = { undone: 'It left the queue.' };
const LEAVE = [{ type: 'begin', params: LEFT }, 'leaveQueue', 'clearQueue', 'noteOff', 'succeed'] as const;

/** Wants to run and finds no room. Tries again by the clock, and at once when its node says that room was freed. */
export const queued = createStateConfig({
  entry: 'release',
  after: {
    nextAttempt: { target: 'starting', actions: 'takeTurn' },
    queueDeadline: {
      target: 'failed',
      actions: [{ type: 'blame', params: noCapacity }, 'fail', 'leaveQueue', 'clearQueue'],
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
