import { createStateConfig } from '../setup.ts';
import { CONFIGURE, DELETE, FAIL_WITHOUT_WORLD, rebuildFrom, START } from './commands.ts';
import { answers, losing } from './news.ts';

/** Its container exited by itself. It starts again after a wait that doubles. */
export const crashed = createStateConfig({
  entry: 'release',
  initial: 'backing_off',
  states: {
    backing_off: {
      after: {
        crashBackoff: [
          { guard: 'worldIsLost', target: '#server.failed', actions: FAIL_WITHOUT_WORLD },
          { target: '#server.starting', actions: 'clearQueue' },
        ],
      },
    },
  },
  on: {
    start: START,
    stop: { target: 'stopped', actions: ['begin', 'succeed'] },
    delete: DELETE,
    configure: { actions: [...CONFIGURE.actions, 'release'] },
    observed: [
      { guard: 'sawNothingLeft', target: 'missing', actions: 'noteSeen' },
      { guard: 'sawRemoval', target: 'missing', actions: 'noteSeen' },
      { guard: 'sawNews', actions: 'noteSeen' },
    ],
    ...answers('crashed'),
    // It has room there only by its plan; as one that wants to run it waits for its node, and not in the queue.
    ...losing(false, 'It starts again with its node.'),
  },
});

/** No container where one should be. */
export const missing = createStateConfig({
  entry: ['noteMissing', 'release'],
  on: {
    start: START,
    rebuild: rebuildFrom('missing'),
    delete: DELETE,
    purge: { target: 'purging', actions: ['begin', 'notePurge'] },
    configure: { actions: [...CONFIGURE.actions, 'release'] },
    observed: { guard: 'sawAny', target: 'stopping.checking', actions: 'noteSeen' },
    ...answers('missing'),
  },
});

/**
 * Needs a person. After a stop that failed the container may still run: its room stays reserved until it is seen to have
 * ended, or until another command takes care of it. It can be stopped once more; whoever removes it stops it first.
 */
export const failed = createStateConfig({
  on: {
    start: START,
    stop: { guard: 'hasContainer', target: 'stopping.saving', actions: ['begin', 'noteStopOptions'] },
    kill: { guard: 'canKill', target: 'stopping.killing', actions: 'begin' },
    rebuild: rebuildFrom('failed'),
    delete: DELETE,
    configure: CONFIGURE,
    observed: [
      { guard: 'sawEnd', actions: ['noteExit', 'release'] },
      { guard: 'sawNews', actions: 'noteSeen' },
    ],
    ...answers('failed'),
    // What may have been left running there has ended, or its node would not have a lease.
    'node.returned': { guard: 'isReturnWithout', actions: ['noteReturn', 'release'] },
  },
});
