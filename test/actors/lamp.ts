/**
 * A small kind of actor for the runtime's tests: a lamp that is lit by an effect, goes out by a timer, and does what
 * tests ask for besides.
 */
import { type AnyMachineSnapshot, assign, setup } from 'xstate';
import { effect } from '../../src/actors/effect.ts';
import type { ActorEvent, ActorKind, EffectFunction } from '../../src/actors/types.ts';
import type { OperationRef, VerbParams } from '../../src/actors/verbs.ts';

interface LampContext {
  readonly operation: OperationRef | null;
  readonly presses: number;
  readonly lastError: string | null;
  readonly burnMs: number;
}

const nothing = (): void => {};
const operationOf = (event: ActorEvent): OperationRef => event.operation as OperationRef;

const lampMachine = setup({
  types: {} as { context: LampContext; events: ActorEvent; input: { burnMs?: number; operation: OperationRef } },
  actors: { ignite: effect<{ presses: number }, { brightness: number }>() },
  actions: {
    endOperation: (_, _params: VerbParams['endOperation']) => nothing(),
    tell: (_, _params: VerbParams['tell']) => nothing(),
    reply: (_, _params: VerbParams['reply']) => nothing(),
    begin: assign({ operation: ({ event }) => operationOf(event) }),
    done: assign({ operation: null }),
    press: assign({ presses: ({ context }) => context.presses + 1 }),
    keepError: assign({ lastError: ({ event }) => (event as unknown as { error: { code: string } }).error.code }),
  },
  guards: {
    explode: () => {
      throw new Error('the guard exploded');
    },
  },
  delays: { burn: ({ context }) => context.burnMs },
}).createMachine({
  id: 'lamp',
  version: '1',
  context: ({ input }) => ({ operation: null, presses: 0, lastError: null, burnMs: input.burnMs ?? 60_000 }),
  initial: 'off',
  entry: {
    type: 'endOperation',
    params: ({ event }) => ({ id: inputOperation(event).id, outcome: 'succeeded' as const }),
  },
  on: {
    press: { actions: ['press', { type: 'reply', params: ({ context }) => ({ value: context.presses }) }] },
    explode: { guard: 'explode', target: '.off' },
    pass: { actions: { type: 'tell', params: ({ event }) => ({ to: String(event.to), event: { type: 'press' } }) } },
    lose: { actions: 'press' },
    smash: { target: '.smashed', actions: { type: 'endOperation', params: ({ event }) => end(event, 'succeeded') } },
  },
  states: {
    off: { on: { light: { target: 'lighting', actions: 'begin' } } },
    lighting: {
      invoke: {
        id: 'ignite',
        src: 'ignite',
        input: ({ context }) => ({ presses: context.presses }),
        onDone: {
          target: 'on',
          actions: [{ type: 'endOperation', params: ({ context }) => current(context) }, 'done'],
        },
        onError: {
          target: 'off',
          actions: [
            'keepError',
            { type: 'endOperation', params: ({ context }) => ({ ...current(context), outcome: 'failed' as const }) },
            'done',
          ],
        },
      },
      on: {
        douse: {
          target: 'off',
          actions: [
            { type: 'endOperation', params: ({ context }) => ({ ...current(context), outcome: 'cancelled' as const }) },
            { type: 'endOperation', params: ({ event }) => end(event, 'succeeded') },
            'done',
          ],
        },
      },
    },
    on: {
      after: { burn: 'off' },
      on: {
        douse: { target: 'off', actions: { type: 'endOperation', params: ({ event }) => end(event, 'succeeded') } },
      },
    },
    smashed: { type: 'final' },
  },
});

const current = ({ operation }: LampContext) => ({ id: operation?.id ?? '', outcome: 'succeeded' as const });
const end = (event: ActorEvent, outcome: 'succeeded') => ({ id: operationOf(event).id, outcome });
const inputOperation = (event: ActorEvent): OperationRef => (event.input as { operation: OperationRef }).operation;
const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as LampContext;

/** The kind, with the function that lights it. */
export function lampKind(ignite: EffectFunction<{ presses: number }>, attempts = 3, deadlineMs = 5_000): ActorKind {
  return {
    kind: 'lamp',
    machine: lampMachine,
    commands: ['light', 'douse', 'smash', 'lose'],
    effects: { ignite: { run: ignite as EffectFunction, deadlineMs, attempts } },
    status: (snapshot) => ({ status: String(snapshot.value), detail: null }),
    operation: (snapshot) => contextOf(snapshot).operation,
    ownerId: () => null,
    events: (before, after) =>
      before?.value === after.value
        ? []
        : [{ type: 'lamp.changed', subject: { kind: 'lamp', id: 'x' }, ownerId: null, data: { to: after.value } }],
  };
}

export const pressesOf = (context: unknown): number => (context as LampContext).presses;
