/**
 * The ways of a server that is placed when its node is lost, or comes back without what ran there. An operation that is
 * under way ends then with `node_lost`, since nothing that it waits for will come.
 */

import { nodeLost } from '../faults.ts';
import type { ServerStatus } from '../types.ts';

/** What a server in this status says to what a node shows of it. */
export const answers = (status: ServerStatus) =>
  ({ 'node.shows': { actions: { type: 'answerNode', params: { status } } } }) as const;

/** @param message what becomes of what the operation had begun */
const endWith = (message: string) =>
  [
    { type: 'blame', params: nodeLost },
    { type: 'fail', params: { message, keepsRoom: true } },
  ] as const;

/**
 * From a state in which it has a container or is about to.
 * @param off whether it shall be off when its node is back; undefined for what its operation says
 * @param also further actions
 */
export const losing = (off: boolean | undefined, message: string, ...also: readonly 'noteRemoved'[]) => {
  const noteLoss = { type: 'noteLoss', params: off === undefined ? undefined : { off } } as const;
  const actions = [noteLoss, ...also, ...endWith(message)] as const;
  return {
    'node.lost': [
      { guard: 'isOldNews', target: '#server.lost.returning', actions },
      { guard: 'isNews', target: '#server.lost', actions },
    ],
    // One that reboots is back before anybody missed it.
    'node.returned': {
      guard: 'isReturnWithout',
      target: '#server.lost.checking',
      actions: [...actions, 'noteReturn'],
    },
  } as const;
};

const DELETED = { target: '#server.deleted', actions: ['noteOff', 'succeed'] } as const;
const STOPPING = losing(undefined, 'It is off as soon as it is certain that it does not run; a restart goes on then.');

/** On its way off. For a delete nothing has to be waited for: its node obeys the tombstone. */
export const LOSING_WHILE_STOPPING = {
  'node.lost': [{ guard: 'isNewsWhileDeleting', ...DELETED }, ...STOPPING['node.lost']],
  'node.returned': [{ guard: 'isReturnWithoutWhileDeleting', ...DELETED }, STOPPING['node.returned']],
} as const;
