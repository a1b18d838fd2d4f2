/**
 * The queue's statechart: one actor, `queue/main`. It decides whose turn it is; a node's own mailbox decides whether there is
 * room, and the server itself how long it waits.
 *
 * | state | what it means | way out by itself |
 * | --- | --- | --- |
 * | `booting` | the process has just started; nobody is placed before inventories are read | 2 min → `open` |
 * | `open.empty` | nobody waits, so starts need not ask | |
 * | `open.matching` | everybody who waits is looked through, together | 15 s → `waiting` |
 * | `open.waiting` | nobody else fits now | 5 s → `matching` |
 *
 * While anybody waits, a new server enters as well and is matched with the others, so nobody passes the queue. A server that
 * fits nowhere blocks none behind it until ten, or for two minutes any, were placed before it; then a node is held for it.
 */
import { setup } from 'xstate';
import { effect } from '../../actors/effect.ts';
import type { Verb, VerbParams } from '../../actors/verbs.ts';
import { actor } from '../act.ts';
import { current, entered, left, offered } from './book.ts';
import { QUEUE_LIMITS, type QueueLimits } from './limits.ts';
import type { QueueContext, QueueEffects, QueueEvent, QueueInput } from './types.ts';

export const QUEUE_MACHINE_VERSION = '1';

type EventOf<T extends QueueEvent['type']> = Extract<QueueEvent, { type: T }>;
interface Now {
  readonly context: QueueContext;
  readonly event: QueueEvent;
}

const act = actor<QueueContext, QueueEvent>();

const outputOf = (event: QueueEvent) => (event as unknown as { output: QueueEffects['match']['output'] }).output;

const entryOf = ({ context, event }: Now) =>
  context.entries.find(({ serverId }) => serverId === (event as EventOf<'leave'>).serverId);

const actions = (limits: QueueLimits) => ({
  succeed: act(({ context: { operation } }) => ({
    set: { operation: null },
    verbs: operation === null ? [] : [{ type: 'endOperation', params: { id: operation.id, outcome: 'succeeded' } }],
  })),
  enter: act(({ context, event }) => {
    const { entry, at } = event as EventOf<'enter'>;
    return { set: { entries: entered(context.entries, entry, at, limits) } };
  }),
  leave: act(({ context, event }) => {
    const { serverId, placed, at } = event as EventOf<'leave'>;
    return { set: left(context, serverId, placed, at) };
  }),
  beginMatch: act(({ context, event }) => ({
    set: { again: false, entries: current(context.entries, event.at, limits) },
  })),
  matchAgain: act(() => ({ set: { again: true } })),
  offer: act(({ context, event }) => {
    const { entries, told } = offered(context.entries, outputOf(event), event.at, limits);
    const verbs = told.map(
      (serverId): Verb => ({
        type: 'tell',
        params: { to: `server/${serverId}`, event: { type: 'capacity.available' } },
      }),
    );
    return { set: { entries }, verbs };
  }),
});

const guards = {
  isEmpty: ({ context }: Now) => context.entries.length === 0,
  hasEntries: ({ context }: Now) => context.entries.length > 0,
  isKnown: (now: Now) => entryOf(now) !== undefined,
  /** What it leaves behind may be somebody else's now. */
  freesRoom: (now: Now) => {
    const { offer = null, heldOn = null } = entryOf(now) ?? {};
    return heldOn !== null || (offer !== null && !(now.event as EventOf<'leave'>).placed);
  },
  isNews: ({ context }: Now) => !context.again,
  goesOn: ({ context, event }: Now) => context.again || outputOf(event).more,
};

export const createQueueMachine = (limits: QueueLimits = QUEUE_LIMITS) =>
  setup({
    types: {} as { context: QueueContext; events: QueueEvent; input: QueueInput },
    actors: { match: effect<QueueEffects['match']['input'], QueueEffects['match']['output']>() },
    actions: {
      endOperation: (_, _params: VerbParams['endOperation']) => {},
      tell: (_, _params: VerbParams['tell']) => {},
      reply: (_, _params: VerbParams['reply']) => {},
    },
    guards,
    delays: { bootDeadline: limits.bootMs, matchDeadline: limits.matchMs, poll: limits.pollMs },
  })
    .extend({ actions: actions(limits) })
    .createMachine({
      id: 'queue',
      version: QUEUE_MACHINE_VERSION,
      options: { maxIterations: 100 },
      context: ({ input }) => ({ operation: input.operation ?? null, entries: [], placedAt: [], again: false }),
      initial: 'booting',
      on: {
        boot: '.booting',
        enter: { actions: 'enter' },
        leave: { guard: 'isKnown', actions: 'leave' },
      },
      states: {
        booting: { entry: 'succeed', after: { bootDeadline: 'open' }, on: { open: 'open' } },
        open: {
          initial: 'empty',
          states: {
            empty: { always: { guard: 'hasEntries', target: 'matching' } },
            matching: {
              entry: 'beginMatch',
              invoke: {
                id: 'match',
                src: 'match',
                input: {},
                onDone: [
                  { guard: 'goesOn', target: 'matching', reenter: true, actions: 'offer' },
                  { target: 'waiting', actions: 'offer' },
                ],
                onError: 'waiting',
              },
              after: { matchDeadline: 'waiting' },
              on: {
                enter: { actions: ['enter', 'matchAgain'] },
                room: { guard: 'isNews', actions: 'matchAgain' },
              },
            },
            waiting: {
              always: { guard: 'isEmpty', target: 'empty' },
              after: { poll: 'matching' },
              on: {
                enter: { target: 'matching', actions: 'enter' },
                room: 'matching',
                leave: [
                  { guard: 'freesRoom', target: 'matching', actions: 'leave' },
                  { guard: 'isKnown', actions: 'leave' },
                ],
              },
            },
          },
        },
      },
    });

export type QueueMachine = ReturnType<typeof createQueueMachine>;
