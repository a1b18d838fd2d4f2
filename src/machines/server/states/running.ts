import { crashLoop } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import { CONFIGURE, containerInput, rebuildFrom } from './commands.ts';
import { answers, losing } from './news.ts';

/** A command that stops it first, by whether there is anybody to be told. */
const STOP = [
  { guard: 'isQuiet', target: '#server.stopping.saving', actions: ['begin', 'noteStopOptions'] },
  { target: '#server.stopping.announcing', actions: ['begin', 'noteStopOptions'] },
] as const;

const DELETE = [
  { guard: 'stopsFirstQuietly', target: '#server.stopping.saving', actions: ['begin', 'noteStopOptions'] },
  { guard: 'stopsFirst', target: '#server.stopping.announcing', actions: ['begin', 'noteStopOptions'] },
] as const;

/**
 * Each inner state has a monitor of its own. It never ends by itself; if it does, nobody looks any more, and `unresponsive`
 * starts one anew after a while.
 */
const MONITOR = {
  id: 'monitor',
  src: 'monitor',
  input: containerInput,
  onDone: 'unresponsive',
  onError: 'unresponsive',
} as const;

/**
 * Ready for players. The inner state `saving`, in which a backup holds the game's own saving off, comes with backups; it
 * shall have its 10 min deadline to save-on here.
 */
export const running = createStateConfig({
  entry: 'hold',
  initial: 'healthy',
  states: {
    healthy: {
      invoke: MONITOR,
      on: { 'probe.failed': { guard: 'isUnresponsive', target: 'unresponsive' } },
    },
    unresponsive: {
      invoke: MONITOR,
      after: { monitorRetry: { target: 'unresponsive', reenter: true } },
      on: { 'probe.ok': { target: 'healthy', actions: 'notePlayers' } },
    },
  },
  on: {
    'probe.ok': { guard: 'hasOtherPlayers', actions: 'notePlayers' },
    stop: STOP,
    restart: STOP,
    delete: DELETE,
    kill: { target: 'stopping.killing', actions: 'begin' },
    rebuild: rebuildFrom('running'),
    configure: CONFIGURE,
    ...answers('running'),
    ...losing(false, 'It is looked after.'),
    exec: { actions: 'replyContainer' },
    observed: [
      { guard: 'sawNone', target: 'missing', actions: ['noteSeen', 'noteOff'] },
      { guard: 'sawRequestedExit', target: 'stopped', actions: ['noteExit', 'noteOff'] },
      {
        guard: 'sawCrashLoop',
        target: 'failed',
        actions: ['noteExit', 'noteCrash', 'noteOff', { type: 'blame', params: crashLoop }, 'fail'],
      },
      { guard: 'sawCrash', target: 'crashed', actions: ['noteExit', 'noteCrash', 'noteOff'] },
    ],
  },
});
