import { announcementOf, containerOf, factsOf, removalOf } from '../context.ts';
import { createStateConfig } from '../setup.ts';
import { containerInput, FAIL_WITHOUT_WORLD, terminateInput } from './commands.ts';
import { answers, LOSING_WHILE_STOPPING } from './news.ts';

const STILL_KNOWN = { message: 'The container is still known and may still run.', keepsRoom: true };

/** The engine could not stop it, its deadline passed, or it was seen to run still. */
const STUCK = {
  target: '#server.failed',
  actions: ['noteOff', 'blameStop', { type: 'fail', params: STILL_KNOWN }],
} as const;

/** Its node may be lost, which it will say; if it was silent for a moment, the stop goes on, as long as it may take. */
const SILENT_OR_STUCK = [{ guard: 'isNodeSilent', target: '#server.stopping.unreachable' }, STUCK] as const;

/** It has exited: what the operation was about comes now. */
const EXITED = [
  { guard: 'isDeleting', target: '#server.deleted', actions: ['noteExit', 'noteOff', 'succeed'] },
  {
    guard: 'restartsWithoutWorld',
    target: '#server.failed',
    actions: ['noteExit', 'noteOff', ...FAIL_WITHOUT_WORLD],
  },
  { guard: 'isRestarting', target: '#server.starting', actions: ['noteExit', 'noteOff', 'clearQueue'] },
  { target: '#server.stopped', actions: ['noteExit', 'noteOff', 'succeed'] },
] as const;

/** The remains of a start are gone, or are harmless and go with the next start. */
const CLEARED = [
  { guard: 'isDeleting', target: '#server.deleted', actions: ['noteOff', 'succeed'] },
  { target: '#server.stopped', actions: ['noteOff', 'succeed'] },
] as const;

/** On its way off. Telling and saving may fail without stopping the stop: the stop signal has the game save as well. */
export const stopping = createStateConfig({
  initial: 'announcing',
  after: { stopDeadline: STUCK },
  on: {
    // Entered anew, so that SIGKILL has a deadline of its own.
    kill: { guard: 'canKill', target: '#server.stopping.killing', reenter: true, actions: 'begin' },
    ...answers('stopping'),
    ...LOSING_WHILE_STOPPING,
  },
  states: {
    announcing: {
      invoke: {
        id: 'announce',
        src: 'announce',
        input: ({ context }) => ({ ...containerOf(context), message: announcementOf(context) }),
        onDone: 'saving',
        onError: 'saving',
      },
      after: { announceDeadline: 'saving' },
      on: {
        cancel: {
          guard: 'cancelsThis',
          target: '#server.running',
          actions: [{ type: 'begin', params: { undone: 'It runs on.' } }, 'clearStopOptions', 'succeed'],
        },
      },
    },
    saving: {
      invoke: { id: 'save', src: 'save', input: containerInput, onDone: 'terminating', onError: 'terminating' },
      after: { saveDeadline: 'terminating' },
    },
    terminating: {
      invoke: {
        id: 'terminate',
        src: 'terminate',
        input: terminateInput,
        onDone: { target: 'verifying', actions: 'noteTermination' },
        onError: SILENT_OR_STUCK,
      },
    },
    killing: {
      invoke: {
        id: 'kill',
        src: 'kill',
        input: containerInput,
        onDone: { target: 'verifying', actions: 'noteTermination' },
        onError: SILENT_OR_STUCK,
      },
    },
    unreachable: { after: { newsDeadline: [{ guard: 'isKilling', target: 'killing' }, { target: 'terminating' }] } },
    /** The engine has said that it exited. Looking again finds what data there is, and a container that came back. */
    verifying: {
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context }) => factsOf(context),
        onDone: [{ guard: 'sawUp', ...STUCK }, ...EXITED],
        onError: EXITED,
      },
      after: { verifyDeadline: EXITED },
    },
    /** Somebody started our container from outside while we hold the server for off. Is it so? */
    checking: {
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context }) => factsOf(context),
        onDone: [
          { guard: 'sawUp', target: 'saving', actions: 'noteSeen' },
          { guard: 'sawNone', target: '#server.missing', actions: 'noteSeen' },
          ...EXITED,
        ],
        onError: EXITED,
      },
      after: { verifyDeadline: EXITED },
    },
    /** A start was cancelled while booting: the world may be loaded, so it is stopped with grace, then removed. */
    halting: {
      invoke: {
        id: 'terminate',
        src: 'terminate',
        input: terminateInput,
        onDone: { target: 'clearing', actions: 'noteTermination' },
        onError: SILENT_OR_STUCK,
      },
    },
    clearing: {
      invoke: {
        id: 'removeContainer',
        src: 'removeContainer',
        input: ({ context }) => removalOf(context, null),
        onDone: CLEARED.map((way) => ({ ...way, actions: ['noteRemoved', ...way.actions] as const })),
        onError: CLEARED,
      },
      after: { removeDeadline: CLEARED },
    },
  },
});
