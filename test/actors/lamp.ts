/**
 * A small kind of actor for the runtime's tests: a lamp that is lit by an effect, goes out by a timer, and does what
 * tests ask for besides.
 */
import { type AnyMachineSnapshot, assign, enqueueActions, raise, setup } from 'xstate';
import { effect } from '../../src/actors/effect.ts';
import type { ActorEvent, ActorKind, EffectFunction } from '../../src/actors/types.ts';
import type { OperationRef, VerbParams } from '../../src/actors/verbs.ts';

interface LampContext {
  readonly operation: OperationRef | null;
  readonly presses: number;
  readonly lastError: string | null;
  readonly burnMs: number;
  readonly note: string;
}

const nothing = (): void => {};
const operationOf = (event: ActorEvent): OperationRef => event.operation as OperationRef;

const lampSetup = setup({
  types: {} as { context: LampContext; events: ActorEvent; input: { burnMs?: number; operation: OperationRef } },
  actors: { ignite: effect<{ presses: number }, { brightness: number }>() },
  actions: {
    endOperation: (_, _params: VerbParams['endOperation']) => nothing(),
    tell: (_, _params: VerbParams['tell']) => nothing(),
    reply: (_, _params: VerbParams['reply']) => nothing(),
    begin: assign({ operation: ({ event }) => operationOf(event) }),
    done: assign({ operation: null }),
    press: assign({ presses: ({ context }) => context.presses + 1 }),
    write: assign({ note: ({ event }) => String(event.text) }),
    keepError: assign({ lastError: ({ event }) => (event as unknown as { error: { code: string } }).error.code }),
  },
  guards: {
    explode: () => {
      throw new Error('the guard exploded');
    },
  },
  delays: { burn: ({ context }) => context.burnMs },
});

/** Ends the running operation and the one that ends it. */
const CANCEL = [
  {
    type: 'endOperation',
    params: ({ context }: { context: LampContext }) => ({ ...current(context), outcome: 'cancelled' as const }),
  },
  { type: 'endOperation', params: ({ event }: { event: ActorEvent }) => end(event, 'succeeded') },
] as const;

const lampMachine = lampSetup.createMachine({
  id: 'lamp',
  version: '1',
  context: ({ input }) => ({ operation: null, presses: 0, lastError: null, burnMs: input.burnMs ?? 60_000, note: '' }),
  initial: 'off',
  entry: {
    type: 'endOperation',
    params: ({ event }) => ({ id: inputOperation(event).id, outcome: 'succeeded' as const }),
  },
  on: {
    press: { actions: ['press', { type: 'reply', params: ({ context }) => ({ value: context.presses }) }] },
    explode: { guard: 'explode', target: '.off' },
    pass: {
      actions: {
        type: 'tell',
        params: ({ event }) => ({ to: String(event.to), event: (event.event as ActorEvent) ?? { type: 'press' } }),
      },
    },
    fuse: { actions: raise({ type: 'explode' }, { id: 'fuse', delay: ({ event }) => Number(event.ms) }) },
    write: { actions: 'write' },
    flood: {
      actions: enqueueActions(({ enqueue, event }) => {
        for (let n = 0; n < Number(event.count); n += 1) {
          enqueue({ type: 'tell', params: { to: String(event.to), event: { type: 'press', n } } });
        }
      }),
    },
    spin: '.spinning',
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
        douse: { target: 'off', actions: [...CANCEL, 'done'] },
        shatter: { target: 'smashed', actions: CANCEL },
      },
    },
    on: {
      after: { burn: 'off' },
      on: {
        douse: { target: 'off', actions: CANCEL[1] },
      },
    },
    spinning: { always: 'turning' },
    turning: { always: 'spinning' },
    smashed: { type: 'final' },
  },
});

const current = ({ operation }: LampContext) => ({ id: operation?.id ?? '', outcome: 'succeeded' as const });
const end = (event: ActorEvent, outcome: 'succeeded') => ({ id: operationOf(event).id, outcome });
const inputOperation = (event: ActorEvent): OperationRef => (event.input as { operation: OperationRef }).operation;
const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as LampContext;

export interface LampOptions extends Partial<Pick<ActorKind, 'machine' | 'migrate' | 'projections'>> {
  readonly attempts?: number;
  readonly deadlineMs?: number | null;
  readonly marginMs?: number;
}

/** The kind, with the function that lights it. */
export function lampKind(ignite: EffectFunction<{ presses: number }>, options: LampOptions = {}): ActorKind {
  const { attempts = 3, deadlineMs = 5_000, marginMs = 0, ...overrides } = options;
  return {
    kind: 'lamp',
    machine: lampMachine,
    commands: ['light', 'douse', 'smash', 'lose'],
    effects: { ignite: { run: ignite as EffectFunction, deadlineMs, marginMs, attempts } },
    status: (snapshot) => ({ status: String(snapshot.value), detail: null }),
    operation: (snapshot) => contextOf(snapshot).operation,
    ownerId: () => null,
    events: (before, after) =>
      before?.value === after.value
        ? []
        : [{ type: 'lamp.changed', subject: { kind: 'lamp', id: 'x' }, ownerId: null, data: { to: after.value } }],
    ...overrides,
  };
}

/** A lamp that lights at once. */
export const plainLamp = (options: LampOptions = {}): ActorKind => lampKind(async () => ({ brightness: 1 }), options);

/** A lamp that never gets lit. */
export const slowLamp = (options: LampOptions = {}): ActorKind => lampKind(() => new Promise(() => {}), options);

/** The machine as another release might have it. */
export const lampOfVersion = (version: string): ActorKind['machine'] =>
  lampSetup.createMachine({ ...lampMachine.config, version } as Parameters<typeof lampSetup.createMachine>[0]);

export const pressesOf = (context: unknown): number => (context as LampContext).presses;
