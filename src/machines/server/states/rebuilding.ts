import type { StoredError } from '../../../errors.ts';
import { containerOf, factsOf, placementOf, removalOf } from '../context.ts';
import { late, noCapacity, nodeLost } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import type { RebuildPlan, ServerContext } from '../types.ts';
import { containerInput, terminateInput } from './commands.ts';
import { answers } from './news.ts';

/** A guard for where the rebuild came from. `stopped` is what is left when none of these holds. */
const from = <F extends Exclude<RebuildPlan['from'], 'stopped'>>(state: F) =>
  ({ type: 'rebuildsFrom', params: { from: state } }) as const;

const blame = (fault?: StoredError) => ({ type: 'blame', params: fault }) as const;

/** It failed, and the server is where it was before. */
const back = (message: string, fault?: { readonly is: StoredError } | 'ofEffect') => {
  const fail = { type: 'fail', params: { message, keepsRoom: true } } as const;
  const first = fault === undefined ? [] : [blame(fault === 'ofEffect' ? undefined : fault.is)];
  const actions = [...first, 'undoRebuild', fail] as const;
  return [
    { guard: from('running'), target: '#server.running', actions },
    { guard: from('sleeping'), target: '#server.sleeping', actions },
    { guard: from('missing'), target: '#server.missing', actions },
    { guard: from('failed'), target: '#server.failed', actions },
    { target: '#server.stopped', actions },
  ] as const;
};

const UNTOUCHED = 'The old container was not touched.';
const IS_BACK = 'The old container is back.';

/** Until the old container is stopped, it can be called off. */
const CALL_OFF = {
  cancel: (['running', 'sleeping', 'missing', 'failed', 'stopped'] as const).map((state) => ({
    guard: { type: 'cancelsRebuild', params: { from: state } } as const,
    target: `#server.${state}` as const,
    actions: [{ type: 'begin', params: { undone: UNTOUCHED } }, 'undoRebuild', 'succeed'] as const,
  })),
} as const;

const NOT_STOPPED = { message: 'The old container is still known and may still run.', keepsRoom: true };
const GIVEN_UP = { message: 'The old container is back, but it could not be started.' };
const STUCK = {
  target: '#server.failed',
  actions: ['noteOff', 'undoRebuild', 'blameStop', { type: 'fail', params: NOT_STOPPED }],
} as const;

/** Its node may be lost, which it will say. */
const SILENT_OR_STUCK = [{ guard: 'isNodeSilent', target: '#server.rebuilding.unreachable' }, STUCK] as const;

/** The new one is ready. An old one that could not be removed goes with the next start. */
const FINISHED = [
  { guard: from('running'), target: '#server.running', actions: ['finishRebuild', 'succeed'] },
  { guard: from('sleeping'), target: '#server.sleeping', actions: ['finishRebuild', 'succeed'] },
  { target: '#server.stopped', actions: ['finishRebuild', 'succeed'] },
] as const;

const UNDONE = 'The old image and the old container are the ones that count.';

/** Which of the two containers runs when its node is back is seen then; a restart makes one of the old image. */
const LOST = [
  { type: 'noteLoss', params: { off: false } },
  blame(nodeLost),
  'undoRebuild',
  'needRestart',
  { type: 'fail', params: { message: UNDONE, keepsRoom: true } },
] as const;

/** The half-made container is out of the way: does the old one have to run again? */
const CLEARED = [{ guard: 'hasToRevert', target: 'reverting' }, ...back(IS_BACK)] as const;

const kept = ({ rebuild }: ServerContext): string | null => rebuild?.keep ?? null;

/**
 * A new container in the place of the old one, with data, ports and env kept. A running server runs on while the image is
 * fetched; then it is saved, stopped, placed and booted. One that is off is only made again.
 */
export const rebuilding = createStateConfig({
  initial: 'fetching',
  on: {
    ...answers('rebuilding'),
    'node.lost': [
      { guard: 'isNoNews' },
      { guard: 'isOldNews', target: '#server.lost.returning', actions: LOST },
      { guard: from('running'), target: '#server.lost', actions: LOST },
      ...back(UNDONE, { is: nodeLost }),
    ],
    'node.returned': {
      guard: 'isReturnWithoutWhileRebuilding',
      target: '#server.lost.checking',
      actions: [...LOST, 'noteReturn'],
    },
  },
  states: {
    fetching: {
      invoke: {
        id: 'fetch',
        src: 'fetch',
        input: ({ context }) => ({ ...factsOf(context), refresh: true }),
        onDone: [
          { guard: from('running'), target: 'saving' },
          { target: 'creating', actions: 'raiseEpoch' },
        ],
        onError: back(UNTOUCHED, 'ofEffect'),
      },
      after: { fetchDeadline: back(UNTOUCHED, { is: late('Fetching the image') }) },
      on: CALL_OFF,
    },
    saving: {
      invoke: { id: 'save', src: 'save', input: containerInput, onDone: 'terminating', onError: 'terminating' },
      after: { saveDeadline: 'terminating' },
      on: CALL_OFF,
    },
    terminating: {
      invoke: {
        id: 'terminate',
        src: 'terminate',
        input: terminateInput,
        onDone: { target: 'placing', actions: ['noteTermination', 'raiseEpoch'] },
        onError: SILENT_OR_STUCK,
      },
      after: { exitDeadline: STUCK },
    },
    /** Its RAM is reserved again for the new epoch; until then the node holds what it had. */
    placing: {
      invoke: {
        id: 'place',
        src: 'place',
        input: ({ context }) => ({ ...placementOf(context), dataExists: true, wanted: context.nodeId }),
        onDone: [
          { guard: 'isPlaced', target: 'creating', actions: 'holdRoom' },
          { target: 'reverting', actions: blame(noCapacity) },
        ],
        onError: { target: 'reverting', actions: 'blame' },
      },
      after: { placeDeadline: { target: 'reverting', actions: blame(late('Placing')) } },
    },
    creating: {
      invoke: {
        id: 'createContainer',
        src: 'createContainer',
        input: ({ context }) => ({ ...removalOf(context, kept(context)), expects: null }),
        onDone: [
          { guard: from('running'), target: 'booting', actions: 'noteCreated' },
          { target: 'removing', actions: 'noteCreated' },
        ],
        onError: { target: 'clearing', actions: 'blame' },
      },
      after: { createDeadline: { target: 'clearing', actions: blame(late('Making the container')) } },
    },
    booting: {
      invoke: {
        id: 'boot',
        src: 'boot',
        input: containerInput,
        onDone: { target: 'removing', actions: 'noteStarted' },
        onError: { target: 'halting', actions: 'blame' },
      },
      after: { bootDeadline: { target: 'halting', actions: blame(late('Booting')) } },
    },
    /** The old one goes. */
    removing: {
      invoke: {
        id: 'removeContainer',
        src: 'removeContainer',
        input: ({ context }) => removalOf(context, context.containerId),
        onDone: FINISHED,
        onError: FINISHED,
      },
      after: { removeDeadline: FINISHED },
    },
    unreachable: { after: { newsDeadline: STUCK } },
    /** The new one did not come up: the world may be loaded, so it is stopped with grace. */
    halting: {
      invoke: {
        id: 'terminate',
        src: 'terminate',
        input: terminateInput,
        onDone: 'clearing',
        onError: SILENT_OR_STUCK,
      },
      after: { exitDeadline: STUCK },
    },
    /** The new one goes. */
    clearing: {
      invoke: {
        id: 'removeContainer',
        src: 'removeContainer',
        input: ({ context }) => removalOf(context, kept(context)),
        onDone: CLEARED,
        onError: CLEARED,
      },
      after: { removeDeadline: CLEARED },
    },
    reverting: {
      entry: 'undoContainer',
      invoke: {
        id: 'revert',
        src: 'revert',
        input: ({ context }) => ({ ...containerOf(context), start: true }),
        onDone: {
          target: '#server.running',
          actions: [
            'undoRebuild',
            'noteRunsAgain',
            { type: 'fail', params: { message: 'The old container is back and runs.', keepsRoom: true } },
          ],
        },
        onError: 'abandoning',
      },
      after: { bootDeadline: 'abandoning' },
    },
    /** Not even the old one came up; it must not be left half running. */
    abandoning: {
      invoke: {
        id: 'terminate',
        src: 'terminate',
        input: terminateInput,
        onDone: {
          target: '#server.failed',
          actions: ['noteTermination', 'noteOff', 'undoRebuild', { type: 'fail', params: GIVEN_UP }],
        },
        onError: SILENT_OR_STUCK,
      },
      after: { exitDeadline: STUCK },
    },
  },
});
