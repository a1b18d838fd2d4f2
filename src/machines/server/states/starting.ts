import { expectedWorld, factsOf, placementOf, removalOf } from '../context.ts';
import { late, noCapacity } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import { containerInput, terminateInput } from './commands.ts';
import { answers, losing } from './news.ts';

const NOTHING_MADE = { undone: 'Nothing was made yet; its room was given back.' };
const REMOVED = { undone: 'The half-made container is removed and its room given back.' };

const CANCELLED = [{ type: 'begin', params: NOTHING_MADE }, 'clearQueue', 'noteOff', 'succeed'] as const;

/** Nothing is there but a reservation, or a place in the queue: off at once. */
const cancelAtOnce = {
  stop: { target: '#server.stopped', actions: CANCELLED },
  kill: { target: '#server.stopped', actions: CANCELLED },
  cancel: {
    guard: 'cancelsThis',
    target: '#server.stopped',
    actions: CANCELLED,
  },
  delete: {
    guard: 'stopsFirst',
    target: '#server.deleted',
    actions: CANCELLED,
  },
} as const;

/** A container is there or may be. */
const cancelInto = <T extends string>(target: T) =>
  ({
    stop: { target, actions: [{ type: 'begin', params: REMOVED }, 'noteStopOptions'] },
    cancel: { guard: 'cancelsThis', target, actions: [{ type: 'begin', params: REMOVED }] },
    delete: { guard: 'stopsFirst', target, actions: [{ type: 'begin', params: REMOVED }, 'noteStopOptions'] },
  }) as const;

const GIVE_UP = [{ type: 'blame', params: noCapacity }, 'fail', 'clearQueue'] as const;

/** What comes of an attempt that found no room, or of which nothing is known. */
const NOT_PLACED = [
  { guard: 'isExhausted', target: '#server.failed', actions: GIVE_UP },
  { target: '#server.queued', actions: 'enqueue' },
] as const;

/** Its answer is still to come, and worth nothing; nothing was made there. */
const ROOM_IS_LOST = [
  { guard: 'isNoNewsOfAttempt' },
  { guard: 'isExhausted', target: '#server.failed', actions: ['releaseThere', ...GIVE_UP] },
  { target: '#server.queued', actions: ['releaseThere', 'enqueue'] },
] as const;

const SILENT = { guard: 'isNodeSilent', target: '#server.starting.unreachable', actions: 'blame' } as const;
const NOT_KNOWN = {
  message: 'What was begun on its node may still be there; the next start removes it.',
  keepsRoom: true,
};

const REMOVED_AGAIN = { message: 'The half-made container was removed.' };
const NOT_REMOVED = { message: 'The half-made container could not be removed; the next start removes it.' };
const STOPPED_AGAIN = { message: 'The container was stopped; it is kept for its log.' };
const NOT_STOPPED = { message: 'The container could not be stopped and may still run.', keepsRoom: true };

/** Its node has taken its room back: a start that takes this long is none. */
const expired = <T extends string>(target: T, more: readonly 'fail'[] = []) =>
  ({
    guard: 'isOwnRoom',
    target,
    actions: ['loseRoom', { type: 'blame', params: late('Starting') }, ...more],
  }) as const;

const STARTS_LATER = 'It starts as soon as its node is back, or elsewhere by its policy.';

/** What may be there of this start has its epoch; the container that it still names is the one from before. */
const NOT_MADE = losing(false, STARTS_LATER, 'noteRemoved');

/** The start has failed already: it shall not begin again by itself. */
const NOT_UP = losing(true, 'It is off as soon as it is certain that it does not run.');

/** From the decision to run to a game that answers. Each start has a new epoch, and so a new container. */
export const starting = createStateConfig({
  initial: 'placing',
  on: {
    ...answers('starting'),
    ...losing(false, STARTS_LATER),
  },
  states: {
    placing: {
      entry: 'raiseEpoch',
      exit: 'abandonPlacement',
      invoke: {
        id: 'place',
        src: 'place',
        input: ({ context }) => placementOf(context),
        onDone: [{ guard: 'isPlaced', target: 'fetching', actions: ['moveHome', 'clearQueue'] }, ...NOT_PLACED],
        onError: [
          { guard: 'isLasting', target: '#server.failed', actions: ['blame', 'fail', 'clearQueue'] },
          ...NOT_PLACED,
        ],
      },
      after: { placeDeadline: NOT_PLACED },
      on: { ...cancelAtOnce, 'node.lost': ROOM_IS_LOST },
    },
    fetching: {
      invoke: {
        id: 'fetch',
        src: 'fetch',
        input: ({ context }) => ({ ...factsOf(context), refresh: false }),
        onDone: 'creating',
        onError: [SILENT, { target: '#server.failed', actions: ['blame', 'fail'] }],
      },
      after: {
        fetchDeadline: {
          target: '#server.failed',
          actions: [{ type: 'blame', params: late('Fetching the image') }, 'fail'],
        },
      },
      on: { ...cancelAtOnce, ...NOT_MADE, 'reservation.expired': expired('#server.failed', ['fail']) },
    },
    creating: {
      invoke: {
        id: 'createContainer',
        src: 'createContainer',
        input: ({ context }) => ({ ...removalOf(context, null), expects: expectedWorld(context) }),
        onDone: { target: 'booting', actions: 'noteCreated' },
        onError: [SILENT, { target: 'clearing', actions: 'blame' }],
      },
      after: {
        createDeadline: { target: 'clearing', actions: { type: 'blame', params: late('Making the container') } },
      },
      on: {
        ...cancelInto('#server.stopping.clearing'),
        kill: { target: '#server.stopping.clearing', actions: { type: 'begin', params: REMOVED } },
        'reservation.expired': expired('clearing'),
        ...NOT_MADE,
      },
    },
    booting: {
      invoke: {
        id: 'boot',
        src: 'boot',
        input: containerInput,
        onDone: { target: '#server.running', actions: ['noteStarted', 'succeed'] },
        onError: [SILENT, { target: 'aborting', actions: 'blame' }],
      },
      after: { bootDeadline: { target: 'aborting', actions: { type: 'blame', params: late('Booting') } } },
      on: {
        ...cancelInto('#server.stopping.halting'),
        kill: { target: '#server.stopping.killing', actions: 'begin' },
        'reservation.expired': expired('aborting'),
      },
    },
    /** Its node is lost, which it will say, or was silent for a moment. */
    unreachable: {
      after: { newsDeadline: { target: '#server.failed', actions: { type: 'fail', params: NOT_KNOWN } } },
      on: {
        ...cancelInto('#server.stopping.clearing'),
        kill: { target: '#server.stopping.clearing', actions: { type: 'begin', params: REMOVED } },
      },
    },
    /** It did not come up: the world may be loaded all the same, so it is stopped with grace. */
    aborting: {
      invoke: {
        id: 'terminate',
        src: 'terminate',
        input: terminateInput,
        onDone: {
          target: '#server.failed',
          actions: ['noteTermination', 'noteOff', { type: 'fail', params: STOPPED_AGAIN }],
        },
        onError: { target: '#server.failed', actions: ['noteOff', { type: 'fail', params: NOT_STOPPED }] },
      },
      after: {
        exitDeadline: { target: '#server.failed', actions: ['noteOff', { type: 'fail', params: NOT_STOPPED }] },
      },
      on: { kill: { target: '#server.stopping.killing', actions: 'begin' }, ...NOT_UP },
    },
    /** It could not be made, wholly or in part. */
    clearing: {
      invoke: {
        id: 'removeContainer',
        src: 'removeContainer',
        input: ({ context }) => removalOf(context, null),
        onDone: { target: '#server.failed', actions: ['noteRemoved', { type: 'fail', params: REMOVED_AGAIN }] },
        onError: { target: '#server.failed', actions: { type: 'fail', params: NOT_REMOVED } },
      },
      after: { removeDeadline: { target: '#server.failed', actions: { type: 'fail', params: NOT_REMOVED } } },
      on: NOT_UP,
    },
  },
});
