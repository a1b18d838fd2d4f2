/** A small actor with a state of some 700 bytes, as a server's without its world: it counts. */
import { type AnyMachineSnapshot, assign, setup } from 'xstate';
import type { ActorEvent, ActorKind } from '../src/actors/types.ts';
import type { OperationRef, VerbParams } from '../src/actors/verbs.ts';

interface CounterContext {
  readonly count: number;
  readonly spec: Record<string, string>;
}

const machine = setup({
  types: {} as { context: CounterContext; events: ActorEvent; input: { operation: OperationRef } },
  actions: {
    endOperation: (_, _params: VerbParams['endOperation']) => {},
    reply: (_, _params: VerbParams['reply']) => {},
    count: assign({ count: ({ context }) => context.count + 1 }),
  },
}).createMachine({
  id: 'counter',
  version: '1',
  context: { count: 0, spec: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`FIELD_${i}`, 'x'.repeat(32)])) },
  initial: 'even',
  entry: {
    type: 'endOperation',
    params: ({ event }) => ({ id: createdBy(event).id, outcome: 'succeeded' as const }),
  },
  states: {
    even: { on: { tick: { target: 'odd', actions: countAndReply() } } },
    odd: { on: { tick: { target: 'even', actions: countAndReply() } } },
  },
});

function countAndReply() {
  return [
    'count',
    { type: 'reply', params: ({ context }: { context: CounterContext }) => ({ value: context.count }) },
  ] as const;
}

function createdBy(event: ActorEvent): OperationRef {
  return (event.input as { operation: OperationRef }).operation;
}

export const counterKind: ActorKind = {
  kind: 'counter',
  machine,
  commands: [],
  effects: {},
  status: ({ value }: AnyMachineSnapshot) => ({ status: String(value), detail: null }),
  operation: () => null,
  ownerId: () => null,
};
