import { createStateConfig } from '../setup.ts';
import { CONFIGURE, DELETE, rebuildFrom, START } from './commands.ts';
import { answers } from './news.ts';

/**
 * What is seen of a server that should be off. It needs no container, since a start makes one; but one that was running and
 * is removed is `missing`, and so is a world that was there. One that runs again is looked at, and stopped.
 */
const OBSERVED = [
  { guard: 'sawNothingLeft', target: '#server.missing', actions: 'noteSeen' },
  { guard: 'sawRemoval', target: '#server.missing', actions: 'noteSeen' },
  { guard: 'sawUp', target: '#server.stopping.checking', actions: 'noteSeen' },
  { guard: 'sawNews', actions: 'noteSeen' },
] as const;

/** Off; its data lies on its node, and its last container stays for its log. */
export const stopped = createStateConfig({
  entry: 'release',
  after: { sleepAfter: { guard: 'wakesOnJoin', target: 'sleeping' } },
  on: {
    start: START,
    rebuild: rebuildFrom('stopped'),
    delete: DELETE,
    configure: [
      // Entered anew, for the wait until it sleeps to begin now.
      { guard: 'turnsWakeOn', target: 'stopped', reenter: true, actions: CONFIGURE.actions },
      { actions: [...CONFIGURE.actions, 'release'] },
    ],
    observed: OBSERVED,
    ...answers('stopped'),
  },
});

/** Off, and a player's login wakes it. After 48 h it shall be archived; that timer comes with archives, here. */
export const sleeping = createStateConfig({
  on: {
    start: START,
    wake: START,
    rebuild: rebuildFrom('sleeping'),
    delete: DELETE,
    configure: [
      { guard: 'turnsWakeOff', target: 'stopped', actions: CONFIGURE.actions },
      { actions: [...CONFIGURE.actions, 'release'] },
    ],
    observed: OBSERVED,
    ...answers('sleeping'),
  },
});
