import { factsOf, removalOf } from '../context.ts';
import { late } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import { answers } from './news.ts';

const PURGE = { target: '#server.purging', actions: ['begin', 'notePurge'] } as const;

const UNDELETE = [
  { guard: 'isPrepared', target: 'undeleting', actions: 'begin' },
  { target: '#server.stopped', actions: ['begin', 'noteUndeleted', 'succeed'] },
] as const;

/** By what is there. One that never ran has no world to miss. */
const UNDELETED = [
  { guard: 'neverRan', target: '#server.stopped', actions: ['noteUndeleted', 'succeed'] },
  { guard: 'hasWorld', target: '#server.stopped', actions: ['noteUndeleted', 'succeed'] },
  { target: '#server.missing', actions: ['noteUndeleted', 'succeed'] },
] as const;

/** Soft: the container goes, also when its node answers only later; data, name and ports are kept until the purge. */
export const deleted = createStateConfig({
  entry: ['noteDeleted', 'releaseAll'],
  after: { retention: { guard: 'isIdle', target: 'purging' } },
  on: answers('deleted'),
  initial: 'sorting',
  states: {
    sorting: { always: [{ guard: 'isPrepared', target: 'removing' }, { target: 'kept' }] },
    removing: {
      invoke: {
        id: 'removeContainer',
        src: 'removeContainer',
        input: ({ context }) => removalOf(context, null),
        onDone: { target: 'kept', actions: 'noteRemoved' },
        onError: 'waiting',
      },
      after: { removeDeadline: 'waiting' },
      on: { undelete: UNDELETE, purge: PURGE },
    },
    waiting: { after: { removeRetry: 'removing' }, on: { undelete: UNDELETE, purge: PURGE } },
    kept: { on: { undelete: UNDELETE, purge: PURGE } },
    /** What is there decides; if nobody can say, what was last seen. */
    undeleting: {
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context }) => factsOf(context),
        onDone: [
          { guard: 'neverRan', target: '#server.stopped', actions: ['noteSeen', 'noteUndeleted', 'succeed'] },
          { guard: 'sawWorld', target: '#server.stopped', actions: ['noteSeen', 'noteUndeleted', 'succeed'] },
          { target: '#server.missing', actions: ['noteSeen', 'noteUndeleted', 'succeed'] },
        ],
        onError: UNDELETED,
      },
      after: { verifyDeadline: UNDELETED },
    },
    /** Part of it may be gone, so there is no way back but to purge again: by command, or by itself after a while. */
    purge_failed: { on: { purge: PURGE } },
  },
});

const PURGE_FAILED = ['fail', 'postponePurge'] as const;

/** Container, data (unless kept) and ports go. */
export const purging = createStateConfig({
  entry: 'forget',
  on: answers('purging'),
  invoke: {
    id: 'purge',
    src: 'purge',
    input: ({ context: { id, ownerId, spec, nodeId, ports, epoch, keepData } }) => ({
      serverId: id,
      ownerId,
      spec,
      nodeId,
      ports,
      epoch,
      keepData,
    }),
    onDone: { target: 'purged', actions: 'succeed' },
    onError: { target: 'deleted.purge_failed', actions: ['blame', ...PURGE_FAILED] },
  },
  after: {
    purgeDeadline: {
      target: 'deleted.purge_failed',
      actions: [{ type: 'blame', params: late('Purging') }, ...PURGE_FAILED],
    },
  },
});

/** The end. */
export const purged = createStateConfig({ type: 'final' });
