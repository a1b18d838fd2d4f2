/** Defects of the statecharts: a guard, an action or a number that is another one. */
import { act as nodeAct } from '../../machines/node/actions/act.ts';
import { withoutReservation } from '../../machines/node/capacity.ts';
import { createNodeMachine, NODE_LIMITS, type NodeContext } from '../../machines/node/index.ts';
import { reserve, sized } from '../../machines/node/ledger.ts';
import { act as serverAct } from '../../machines/server/actions/act.ts';
import type { Resources } from '../../planner/fit.ts';
import type { Defect } from './seams.ts';

interface Asked extends Resources {
  readonly serverId: string;
  readonly epoch: number;
}

const asked = ({ event }: { readonly event: unknown }) => {
  const { serverId, epoch, ramMb, cpuMilli, diskMb, ports } = event as Asked;
  return {
    serverId,
    epoch,
    ask: { ramMb, cpuMilli, diskMb, ports },
    startsUntil: Number.MAX_SAFE_INTEGER,
    startsMax: 60,
  };
};

export const CHART_DEFECTS: readonly Defect[] = [
  {
    name: 'two-fit-functions',
    what: 'The node gives room by its total RAM, everybody else reckons with what is usable.',
    seams: {
      charts: ({ server, node }) => ({
        server,
        node: node.provide({
          actions: {
            reserve: nodeAct(({ context, event }) => {
              const roomy = sized(context, { ...context, ramMb: context.ramMb * 2 });
              const { context: after, placement } = reserve(roomy, asked({ event }));
              return {
                set: sized(after, context),
                verbs: [{ type: 'reply', params: { value: placement } }],
              };
            }),
          },
        }),
      }),
    },
  },
  {
    name: 'release-without-epoch',
    what: 'A late release frees what a newer epoch was given.',
    seams: {
      charts: ({ server, node }) => ({
        server,
        node: node.provide({
          actions: {
            release: nodeAct(({ context, event }) => ({
              set: { reservations: withoutReservation(context, (event as unknown as Asked).serverId) },
            })),
          },
        }),
      }),
    },
  },
  {
    name: 'counter-instead-of-sum',
    what: 'What is allocated is counted beside the rows; a request that comes twice counts twice.',
    seams: {
      charts: ({ server, node }) => {
        const counters = new Map<string, number>();
        const counted = (context: NodeContext, change: number): number => {
          const next = (counters.get(context.id) ?? 0) + change;
          counters.set(context.id, next);
          return next;
        };
        return {
          server,
          node: node.provide({
            actions: {
              reserve: nodeAct(({ context, event }) => {
                const { serverId, epoch, ask, startsUntil } = asked({ event });
                const isFree = counted(context, 0) + ask.ramMb <= context.ramMb - context.reserveRamMb;
                const value = isFree
                  ? { placed: true }
                  : { placed: false, reason: 'The counter says that it is full.' };
                if (isFree) counted(context, ask.ramMb);
                const reservations = { ...context.reservations, [serverId]: { ...ask, epoch, startsUntil } };
                return { set: isFree ? { reservations } : {}, verbs: [{ type: 'reply', params: { value } }] };
              }),
              release: nodeAct(({ context, event }) => {
                const { serverId } = event as unknown as Asked;
                counted(context, -(context.reservations[serverId]?.ramMb ?? 512));
                return { set: { reservations: withoutReservation(context, serverId) } };
              }),
            },
          }),
        };
      },
    },
  },
  {
    name: 'lost-reply-taken-for-failure',
    what: 'Room whose answer was not heard is given back by nobody, and not taken back either.',
    seams: {
      charts: ({ server, node }) => ({
        node: node.provide({ actions: { takeBack: nodeAct(() => ({})) } }),
        server: server.provide({
          actions: { abandonPlacement: serverAct(() => ({})) },
        }),
      }),
    },
  },
  {
    name: 'operation-forgotten',
    what: 'A server that fails forgets its operation without ending it.',
    seams: {
      charts: ({ server, node }) => ({
        node,
        server: server.provide({ actions: { fail: serverAct(() => ({ set: { operation: null } })) } }),
      }),
    },
  },
  {
    name: 'fence-of-another-ttl',
    what: 'The fence waits for a shorter lease than was granted.',
    seams: {
      charts: ({ server }) => ({
        server,
        node: createNodeMachine({ ...NODE_LIMITS, lease: { ...NODE_LIMITS.lease, ttlMs: 4_000, pauseBudgetMs: 0 } }),
      }),
    },
  },
  {
    name: 'fence-without-pause-budget',
    what: 'The fence does not wait for the watchdog to have frozen everything.',
    seams: {
      charts: ({ server }) => ({
        server,
        node: createNodeMachine({ ...NODE_LIMITS, lease: { ...NODE_LIMITS.lease, ttlMs: 13_000, pauseBudgetMs: 0 } }),
      }),
    },
  },
];
