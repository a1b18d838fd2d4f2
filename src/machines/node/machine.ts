/**
 * The node's statechart. What it says binds: a reservation is made here, in the node's mailbox, and nowhere else, so two
 * servers never get the same megabyte.
 *
 * | state | what it means |
 * | --- | --- |
 * | `ready` | its room is given out |
 *
 * Its life (provisioning to decommissioned), its connection (healthy to fenced) and pressure come with further nodes, as
 * regions beside this one.
 */
import { setup } from 'xstate';
import type { OperationRef, Verb, VerbParams } from '../../actors/verbs.ts';
import { actor } from '../act.ts';
import { systemReserveMb } from './capacity.ts';
import { type Freed, forget, release, reserve, resize } from './ledger.ts';
import type { NodeContext, NodeEvent, NodeInput } from './types.ts';

/** Raise it, and give the actor kind a migration, with every change that a stored snapshot would not survive. */
export const NODE_MACHINE_VERSION = '1';

const act = actor<NodeContext, NodeEvent>();

type EventOf<T extends NodeEvent['type']> = Extract<NodeEvent, { type: T }>;

/** Those that fit now are told to try again. */
const outcome = ({ context, fitting }: Freed) => ({
  set: context,
  verbs: fitting.map(
    (id): Verb => ({ type: 'tell', params: { to: `server/${id}`, event: { type: 'capacity.available' } } }),
  ),
});

const nodeActions = {
  finishCreation: act(({ event }) => {
    const { operation } = (event as unknown as { input: { operation?: OperationRef } }).input;
    return operation === undefined
      ? {}
      : { verbs: [{ type: 'endOperation', params: { id: operation.id, outcome: 'succeeded' } }] };
  }),
  reserve: act(({ context, event }) => {
    const { serverId, epoch, ramMb, cpu } = event as EventOf<'reserve'>;
    const answer = reserve(context, serverId, { epoch, ramMb, cpu });
    return { set: answer.context, verbs: [{ type: 'reply', params: { value: answer.placement } }] };
  }),
  release: act(({ context, event }) => {
    const { serverId, epoch } = event as EventOf<'release'>;
    return outcome(release(context, serverId, epoch));
  }),
  forget: act(({ context, event }) => outcome(forget(context, (event as EventOf<'forget'>).serverId))),
  resize: act(({ context, event }) => {
    const { ramMb, cpus } = event as EventOf<'resize'>;
    return outcome(resize(context, ramMb, cpus));
  }),
};

/** The node's statechart, pure: what it says are verbs (`src/actors`). */
export const createNodeMachine = () =>
  setup({
    types: {} as { context: NodeContext; events: NodeEvent; input: NodeInput },
    actions: {
      endOperation: (_, _params: VerbParams['endOperation']) => {},
      tell: (_, _params: VerbParams['tell']) => {},
      reply: (_, _params: VerbParams['reply']) => {},
    },
    guards: {
      hasNewSize: ({ context, event }) => {
        const { ramMb, cpus } = event as EventOf<'resize'>;
        return ramMb !== context.ramMb || cpus !== context.cpus;
      },
    },
  })
    .extend({ actions: nodeActions })
    .createMachine({
      id: 'node',
      version: NODE_MACHINE_VERSION,
      options: { maxIterations: 100 },
      context: ({ input: { id, name, engine, ramMb, cpus } }) => ({
        id,
        name,
        engine,
        ramMb,
        cpus,
        reserveRamMb: systemReserveMb(ramMb, 0),
        reservations: {},
        released: {},
        forgotten: [],
        waiting: [],
      }),
      entry: 'finishCreation',
      initial: 'ready',
      states: {
        ready: {
          on: {
            reserve: { actions: 'reserve' },
            release: { actions: 'release' },
            forget: { actions: 'forget' },
            resize: { guard: 'hasNewSize', actions: 'resize' },
          },
        },
      },
    });

export type NodeMachine = ReturnType<typeof createNodeMachine>;
