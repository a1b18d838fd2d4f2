/**
 * What several states say in the same words. Commands that begin an operation do so first, so that whatever follows in
 * their turn speaks of it.
 */
import { containerOf, graceOf } from '../context.ts';
import { noData } from '../faults.ts';
import type { RebuildPlan, ServerContext } from '../types.ts';

/** `start` of a server that is off. */
export const START = [
  { guard: 'isNotPrepared', target: '#server.creating', actions: ['begin', 'wantStart'] },
  { guard: 'isFresh', target: '#server.starting', actions: ['begin', 'giveUpWorld', 'clearQueue'] },
  { guard: 'isWorldKept', target: '#server.starting', actions: ['begin', 'clearQueue'] },
] as const;

/** `delete` of a server that is off: at once. */
export const DELETE = { target: '#server.deleted', actions: ['begin', 'succeed'] } as const;

/** `configure`, wherever it changes nothing but the row. */
export const CONFIGURE = { actions: ['configure', 'finishAtOnce'] } as const;

/** `rebuild`, with where to go back to. */
export const rebuildFrom = (from: RebuildPlan['from']) =>
  ({
    guard: 'canRebuild',
    target: '#server.rebuilding',
    actions: ['begin', { type: 'planRebuild', params: { from } }],
  }) as const;

/** The world that was to be started is gone. */
export const FAIL_WITHOUT_WORLD = [{ type: 'blame', params: noData }, 'fail'] as const;

export const terminateInput = ({ context }: { context: ServerContext }) => ({
  ...containerOf(context),
  graceSeconds: graceOf(context),
});

export const containerInput = ({ context }: { context: ServerContext }) => containerOf(context);
