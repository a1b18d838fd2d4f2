import { factsOf } from '../context.ts';
import { late, unreachable } from '../faults.ts';
import { leaseProofMs } from '../guards.ts';
import type { NodeLimits } from '../limits.ts';
import { createStateConfig } from '../setup.ts';
import type { NodeContext } from '../types.ts';

const facts = ({ context }: { context: NodeContext }) => factsOf(context);

const settlement = ({ context }: { context: NodeContext }) => ({
  ...factsOf(context),
  ...(context.settlement ?? { keep: [], stop: [], quarantine: [] }),
});

const known = ({ context }: { context: NodeContext }) => {
  const { bootId, pressure, shown, ramMb, cpus, missed, guarded, lastLeaseAt } = context;
  return { ...factsOf(context), known: { bootId, pressure, shown, ramMb, cpus, missed, guarded, lastLeaseAt } };
};

/** No answer where there should be one. */
const LOSE = {
  target: '#node.connection.unreachable',
  actions: ['noteLost', { type: 'fail', params: unreachable }],
} as const;

/**
 * The same before it was connected. It does answer, so reaching it takes no time; what went wrong may go wrong again, and a rest
 * in between keeps that from filling the journal.
 */
const LOSE_AGAIN = {
  target: '#node.connection.unreachable.contact.resting',
  actions: ['noteLostAgain', { type: 'fail', params: unreachable }],
} as const;

/** Nothing is sent under the refused epoch any more, so that what the node is told next it takes. */
const LOSE_BY_REFUSAL = { target: LOSE.target, actions: [...LOSE.actions, 'noteStale'] } as const;

const LOSE_BY_MISS = { guard: 'isLastMiss', target: LOSE.target, actions: ['noteMissed', ...LOSE.actions] } as const;
const REBOOTED = { guard: 'hasRebooted', target: '#node.connection.recovering', actions: 'noteReboot' } as const;

/** The way back to health of a node that is read again on request; its lease is renewed meanwhile. */
const synced = { target: 'healthy', actions: ['noteSettled', 'succeed'] } as const;
const notSynced = (what: string) => ({ target: 'healthy', actions: { type: 'fail', params: late(what) } }) as const;

/** Its servers hear how it is with them, and it gets a lease again. */
const connected = createStateConfig({
  entry: ['noteConnected', 'succeed'],
  initial: 'healthy',
  always: { guard: 'isOver', target: 'closed' },
  invoke: { id: 'heartbeat', src: 'heartbeat', input: known, onDone: LOSE, onError: LOSE_BY_REFUSAL },
  on: {
    beat: [REBOOTED, { actions: 'noteBeat' }],
    'beat.missed': [LOSE_BY_MISS, { actions: 'noteMissed' }],
  },
  states: {
    healthy: {
      on: {
        'beat.missed': [LOSE_BY_MISS, { target: 'suspect', actions: 'noteMissed' }],
        sync: { target: 'syncing', actions: 'begin' },
      },
    },
    suspect: { on: { beat: [REBOOTED, { target: 'healthy', actions: 'noteBeat' }] } },
    syncing: {
      invoke: {
        id: 'readInventory',
        src: 'readInventory',
        input: ({ context }) => ({ ...factsOf(context), recovering: false }),
        onDone: [
          { guard: 'isToBeSettled', target: 'settling', actions: 'noteInventory' },
          { target: 'healthy', actions: ['noteInventory', 'succeed'] },
        ],
        onError: { target: 'healthy', actions: 'fail' },
      },
      after: { inventoryDeadline: notSynced('Reading the inventory') },
    },
    settling: {
      invoke: {
        id: 'quarantineStrays',
        src: 'quarantineStrays',
        input: settlement,
        onDone: synced,
        onError: { target: 'healthy', actions: 'fail' },
      },
      after: { quarantineDeadline: notSynced('Putting strays aside') },
    },
  },
});

/** It answers, and has no lease yet: first everything that should not run there is put out of the way. */
const recovering = createStateConfig({
  initial: 'reading',
  always: { guard: 'isRemoved', target: LOSE_AGAIN.target, actions: 'noteLostAgain' },
  states: {
    reading: {
      invoke: {
        id: 'readInventory',
        src: 'readInventory',
        input: ({ context }) => ({ ...factsOf(context), recovering: true }),
        onDone: [
          { guard: 'isToBeSettled', target: 'quarantining', actions: 'noteInventory' },
          { target: '#node.connection.connected', actions: 'noteInventory' },
        ],
        onError: LOSE_AGAIN,
      },
      after: { inventoryDeadline: LOSE_AGAIN },
    },
    quarantining: {
      invoke: {
        id: 'quarantineStrays',
        src: 'quarantineStrays',
        input: settlement,
        onDone: { target: '#node.connection.connected', actions: 'noteSettled' },
        onError: LOSE_AGAIN,
      },
      after: { quarantineDeadline: LOSE_AGAIN },
    },
  },
});

/** Two things at once, since neither may hold up the other: reaching it, and proving that nothing runs there. */
const away = (limits: NodeLimits) =>
  createStateConfig({
    type: 'parallel',
    always: { guard: 'isOver', target: 'closed' },
    states: {
      contact: {
        initial: 'connecting',
        states: {
          connecting: {
            invoke: {
              id: 'connect',
              src: 'connect',
              input: facts,
              onDone: [{ guard: 'isRemoved', target: 'resting' }, { target: '#node.connection.recovering' }],
              onError: { target: 'resting', actions: 'fail' },
            },
          },
          resting: { after: { retry: 'connecting' } },
        },
      },
      proof: {
        initial: 'sorting',
        states: {
          /** A proof holds until there is a new lease. */
          sorting: { always: [{ guard: 'isFenced', target: 'fenced' }, { target: 'fencing' }] },
          fencing: {
            invoke: {
              id: 'fence',
              src: 'fence',
              input: ({ context }) => ({ ...factsOf(context), waitMs: leaseProofMs(context, limits) }),
              onDone: [{ guard: 'isProof', target: 'fenced', actions: 'noteFence' }, { target: 'resting' }],
              onError: 'resting',
            },
          },
          resting: { after: { retry: 'fencing' } },
          /** Of one that was removed, nobody waits for anything any more. */
          fenced: { always: { guard: 'isRemoved', target: '#node.connection.closed' } },
        },
      },
    },
  });

/**
 * Grants are given in `connected` and nowhere else. So a proof that was had while the node was unreachable holds until it is
 * connected again.
 */
export const connection = (limits: NodeLimits) =>
  createStateConfig({
    initial: 'unconnected',
    states: {
      unconnected: {
        always: [
          { guard: 'isRemoved', target: 'closed' },
          { guard: 'isOver', target: 'closed' },
          { guard: 'isReadyHere', target: 'connected' },
          { guard: 'isReady', target: 'recovering' },
        ],
      },
      connected,
      recovering,
      unreachable: away(limits),
      closed: { type: 'final' },
    },
  });
