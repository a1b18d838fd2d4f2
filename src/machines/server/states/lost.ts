import { factsOf } from '../context.ts';
import { crashLoop, late } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import type { ServerContext } from '../types.ts';
import { CONFIGURE } from './commands.ts';

/** It need not wait for its node: it is certain that it does not run there. */
const OFF = {
  target: '#server.stopped',
  actions: ['begin', 'noteOffSinceLease', 'endLoss', 'succeed'],
} as const;

const LATER_OFF = {
  guard: 'isToBeOn',
  actions: [
    'wantOff',
    { type: 'finishAtOnce', params: { message: 'It is off as soon as it is certain that it does not run.' } },
  ],
} as const;

const CALL_OFF = {
  guard: 'cancelsThis',
  target: '#server.lost.fenced',
  actions: [{ type: 'begin', params: { undone: 'It waits for its node.' } }, 'dropFailover', 'succeed'],
} as const;

/** Its node asks what may run there, and gets a lease with the answer: from here on the two of them stay together. */
const ANSWER = { type: 'answerNode', params: { status: 'lost' } } as const;
const TO_RETURNING = {
  guard: 'isRecoveryOfHome',
  target: '#server.lost.returning',
  actions: [ANSWER, { type: 'callOff', params: 'Its node answers again.' }, 'dropFailover'],
} as const;
const ASKED = [TO_RETURNING, { actions: ANSWER }] as const;

const IN_VAIN = [
  'dropFailover',
  { type: 'fail', params: { message: 'It waits for its node.', keepsRoom: true } },
] as const;

/** What a failover may be called off by until another node has room for it. */
const FAILING_OVER = { stop: OFF, kill: OFF, cancel: CALL_OFF, 'node.shows': ASKED } as const;

const elsewhere = (context: ServerContext) => {
  const { failover } = context.loss ?? {};
  return { avoid: context.nodeId === null ? [] : [context.nodeId], wanted: failover?.wanted ?? null };
};

const UP = { target: '#server.running.unresponsive', actions: ['noteThere', 'endLoss'] } as const;

/**
 * Its node does not answer. The container may run there until the lease has run out for certain (`fenced`); from then on, by
 * policy or command, it may start elsewhere. A node that comes back first asks (`returning`), and then nothing may begin
 * elsewhere until it says that it has returned or is lost again.
 */
export const lost = createStateConfig({
  initial: 'waiting_for_fence',
  on: {
    stop: LATER_OFF,
    kill: LATER_OFF,
    start: { guard: 'isToBeOff', actions: ['wantOn', 'finishAtOnce'] },
    // A tombstone, which the returning node obeys.
    delete: { target: 'deleted', actions: ['begin', 'noteOffSinceLease', 'endLoss', 'succeed'] },
    configure: CONFIGURE,
    'node.shows': { actions: ANSWER },
    // Its node has had no lease since, or it would have said that it returned.
    'node.lost': { guard: 'isNews', actions: 'noteLease' },
    'node.fenced': { guard: 'isNews', actions: 'noteFence' },
    'node.returned': [
      { guard: 'isNoNews' },
      {
        guard: 'isReturnAhead',
        target: 'failed',
        actions: ['noteReturn', { type: 'callOff' }, 'noteOffSinceLease', 'blameAhead', 'endLoss'],
      },
      {
        guard: { type: 'isReturnWith', params: { off: true } },
        target: 'stopping.checking',
        actions: ['noteReturn', { type: 'callOff' }, ...UP.actions],
      },
      {
        guard: { type: 'isReturnWith', params: { off: false } },
        target: UP.target,
        actions: ['noteReturn', { type: 'callOff' }, ...UP.actions],
      },
      { target: '.checking', actions: ['noteReturn', { type: 'callOff' }, 'dropFailover'] },
    ],
  },
  states: {
    waiting_for_fence: {
      on: {
        'node.lost': { guard: 'isNews', actions: 'noteLoss' },
        'node.fenced': [
          {
            guard: { type: 'isFenceOfOne', params: { off: true } },
            target: '#server.stopped',
            actions: ['noteFence', 'noteOffSinceLease', 'endLoss'],
          },
          { guard: 'isNewsOfFence', target: 'fenced', actions: 'noteFence' },
        ],
        'node.shows': ASKED,
      },
    },
    fenced: {
      after: {
        failoverGrace: {
          guard: 'failsOverByItself',
          target: 'placing',
          actions: { type: 'planFailover', params: { fresh: true } },
        },
      },
      on: {
        stop: OFF,
        kill: OFF,
        failover: [
          { guard: 'isFresh', target: 'placing', actions: ['begin', 'planFailover'] },
          { target: 'looking', actions: ['begin', 'planFailover'] },
        ],
        // Entered anew, for another policy or grace to count.
        configure: { target: 'fenced', reenter: true, actions: CONFIGURE.actions },
        'node.shows': ASKED,
      },
    },
    /** Where does the data lie that it shall start with? */
    looking: {
      invoke: {
        id: 'findWorld',
        src: 'findWorld',
        input: ({ context }) => ({ serverId: context.id, ...elsewhere(context) }),
        onDone: { target: 'placing', actions: 'noteFound' },
        onError: { target: 'fenced', actions: ['blame', ...IN_VAIN] },
      },
      after: {
        findDeadline: {
          target: 'fenced',
          actions: [{ type: 'blame', params: late('Looking for its data') }, ...IN_VAIN],
        },
      },
      on: FAILING_OVER,
    },
    /** Until another node has room nothing has changed, and its own may still come back. */
    placing: {
      entry: 'tryEpoch',
      invoke: {
        id: 'place',
        src: 'place',
        input: ({ context }) => ({
          ...factsOf(context),
          epoch: context.triedEpoch,
          dataExists: false,
          expects: null,
          ...elsewhere(context),
        }),
        onDone: [
          {
            guard: 'isPlacedElsewhere',
            target: '#server.starting.fetching',
            actions: ['noteOffSinceLease', 'failOver', 'moveHome', 'clearQueue', 'endLoss'],
          },
          { target: 'fenced', actions: ['blameUnplaced', ...IN_VAIN] },
        ],
        onError: { target: 'fenced', actions: ['blame', ...IN_VAIN] },
      },
      after: {
        placeDeadline: { target: 'fenced', actions: [{ type: 'blame', params: late('Placing') }, ...IN_VAIN] },
      },
      on: FAILING_OVER,
    },
    /** Its node was told what may run. It says how that went, or that it is lost again, which makes the answer void. */
    returning: {
      on: {
        'node.lost': [{ guard: 'isOldNews' }, { guard: 'isNews', target: 'waiting_for_fence', actions: 'noteLoss' }],
        'node.fenced': [
          {
            guard: { type: 'isFenceOfOne', params: { off: true } },
            target: '#server.stopped',
            actions: ['noteFence', 'noteOffSinceLease', 'endLoss'],
          },
          { guard: 'isNewsOfFence', target: 'fenced', actions: 'noteFence' },
        ],
      },
    },
    /** Its node is back, without a copy that runs. What is left of it there? Looked at until somebody can say. */
    checking: {
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context }) => factsOf(context),
        onDone: [
          {
            guard: 'sawWorldGone',
            target: '#server.missing',
            actions: ['noteExit', 'noteOffSinceLease', 'endLoss'],
          },
          { guard: 'sawUpThoughOff', target: '#server.stopping.saving', actions: ['noteSeen', 'endLoss'] },
          { guard: 'isToBeOff', target: '#server.stopped', actions: ['noteExit', 'noteOffSinceLease', 'endLoss'] },
          { guard: 'sawUp', target: '#server.running.unresponsive', actions: ['noteSeen', 'endLoss'] },
          {
            guard: 'hasRebooted',
            target: '#server.starting',
            actions: ['noteExit', 'noteOffSinceLease', 'clearQueue', 'endLoss'],
          },
          {
            guard: 'sawRequestedExit',
            target: '#server.stopped',
            actions: ['noteExit', 'noteOffSinceLease', 'endLoss'],
          },
          {
            guard: 'sawCrashLoop',
            target: '#server.failed',
            actions: [
              'noteExit',
              'noteCrash',
              'noteOffSinceLease',
              { type: 'blame', params: crashLoop },
              'fail',
              'endLoss',
            ],
          },
          {
            guard: 'sawCrash',
            target: '#server.crashed',
            actions: ['noteExit', 'noteCrash', 'noteOffSinceLease', 'endLoss'],
          },
          {
            target: '#server.starting',
            actions: ['noteExit', 'noteOffSinceLease', 'clearQueue', 'endLoss'],
          },
        ],
        onError: { actions: 'blame' },
      },
      after: { verifyDeadline: { target: 'checking', reenter: true } },
      on: {
        'node.lost': [
          { guard: 'isOldNews', target: 'returning', actions: 'noteLoss' },
          { guard: 'isNews', target: 'waiting_for_fence', actions: 'noteLoss' },
        ],
      },
    },
  },
});
