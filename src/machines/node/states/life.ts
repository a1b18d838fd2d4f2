import { factsOf } from '../context.ts';
import { late } from '../faults.ts';
import { createStateConfig } from '../setup.ts';
import type { NodeContext } from '../types.ts';

const facts = ({ context }: { context: NodeContext }) => factsOf(context);

/** Its machine may hold half of an installation, which goes when it is reached. */
const REMOVE = { target: '#node.life.removed', actions: ['begin', 'noteGone', 'succeed'] } as const;

/** One that does not answer, or never did. A connected one is drained and decommissioned. */
const REMOVE_GONE = { guard: 'isDisconnected', ...REMOVE } as const;

const DRAIN = { target: 'draining', actions: 'finishWithHolders' } as const;
const DECOMMISSION = { target: 'draining', actions: ['leave', 'finishWithHolders'] } as const;

const NOT_SET_UP = (what: string) =>
  ({ target: '#node.life.failed', actions: { type: 'fail', params: late(what) } }) as const;

/** From the machine that is not there yet to the one that is given back. */
export const life = createStateConfig({
  initial: 'arriving',
  states: {
    arriving: {
      always: [
        { guard: 'isLocal', target: 'ready', actions: ['noteReady', 'succeed'] },
        { guard: 'needsMachine', target: 'provisioning' },
        { target: 'provisioning.bootstrapping' },
      ],
    },
    provisioning: {
      initial: 'requesting',
      on: { remove: REMOVE },
      states: {
        requesting: {
          after: { requestDeadline: NOT_SET_UP('Requesting a machine') },
          on: { 'machine.requested': 'booting' },
        },
        booting: {
          after: { machineDeadline: NOT_SET_UP("The machine's boot") },
          on: { 'machine.booted': { target: 'bootstrapping', actions: 'noteMachine' } },
        },
        bootstrapping: {
          invoke: {
            id: 'bootstrap',
            src: 'bootstrap',
            input: facts,
            onDone: { target: '#node.life.ready', actions: ['noteBootstrapped', 'noteReady', 'succeed'] },
            onError: { target: '#node.life.failed', actions: 'fail' },
          },
          after: { bootstrapDeadline: NOT_SET_UP('Bootstrapping') },
        },
      },
    },
    ready: {
      entry: 'tellWaiting',
      always: { guard: 'isCordoned', target: 'cordoned' },
      on: {
        cordon: { actions: ['cordon', 'finishAtOnce'] },
        drain: DRAIN,
        decommission: DECOMMISSION,
        remove: REMOVE_GONE,
      },
    },
    /** By an operator, by pressure, or by both: what one of them set, the other does not lift. */
    cordoned: {
      always: { guard: 'isUncordoned', target: 'ready' },
      on: {
        cordon: { guard: 'notByOperator', actions: ['cordon', 'finishAtOnce'] },
        uncordon: { guard: 'byOperator', actions: ['uncordon', 'finishAtOnce'] },
        drain: DRAIN,
        decommission: DECOMMISSION,
        remove: REMOVE_GONE,
      },
    },
    /** Takes no new servers and waits for those it has to go. */
    draining: {
      initial: 'emptying',
      on: {
        undrain: { target: 'ready', actions: ['stay', 'finishAtOnce'] },
        remove: REMOVE_GONE,
      },
      states: {
        emptying: {
          always: { guard: 'isEmpty', target: 'empty' },
          on: { decommission: { guard: 'isToStay', actions: ['leave', 'finishWithHolders'] } },
        },
        empty: {
          after: { emptyFor: { guard: 'leaves', target: '#node.life.decommissioning' } },
          on: {
            // Entered anew, for the wait to begin now.
            decommission: {
              guard: 'isToStay',
              target: 'empty',
              reenter: true,
              actions: ['leave', 'finishWithHolders'],
            },
          },
        },
      },
    },
    decommissioning: {
      invoke: {
        id: 'decommission',
        src: 'decommission',
        input: facts,
        onDone: { target: 'decommissioned', actions: 'noteGone' },
        onError: { target: 'draining', actions: ['stay', 'fail'] },
      },
      after: {
        decommissionDeadline: {
          target: 'draining',
          actions: ['stay', { type: 'fail', params: late('Decommissioning') }],
        },
      },
    },
    /** It could not be set up. `bootstrap` tries again. */
    failed: {
      on: {
        bootstrap: {
          guard: 'hasTarget',
          target: 'provisioning.bootstrapping',
          actions: ['begin', 'noteTarget'],
        },
        remove: REMOVE,
      },
    },
    /** Forgotten by everybody but this row, which cleans it up if it ever answers again. */
    removed: {
      initial: 'wiping',
      after: { tombstone: 'decommissioned' },
      states: {
        wiping: {
          invoke: {
            id: 'wipe',
            src: 'wipe',
            input: facts,
            onDone: { target: '#node.life.decommissioned', actions: 'noteWiped' },
            onError: 'resting',
          },
        },
        resting: { after: { retry: 'wiping' } },
      },
    },
    decommissioned: { type: 'final' },
  },
});
