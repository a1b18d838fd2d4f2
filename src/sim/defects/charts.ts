/** Defects of the statecharts: a guard, an action or a number that is another one. */
import { act as nodeAct } from '../../machines/node/actions/act.ts';
import { answerEach } from '../../machines/node/actions/room.ts';
import { withoutReservation } from '../../machines/node/capacity.ts';
import {
  createNodeMachine,
  NODE_LIMITS,
  type NodeContext,
  type ReservationRequest,
} from '../../machines/node/index.ts';
import { reserve, sized, turnDown } from '../../machines/node/ledger.ts';
import { act as serverAct } from '../../machines/server/actions/act.ts';
import type { Defect } from './seams.ts';

/** A start's time is never up, and hardly any number of them is too many. */
const PATIENT = { startsUntil: Number.MAX_SAFE_INTEGER, startsMax: 60 } as const;

export const CHART_DEFECTS: readonly Defect[] = [
  {
    name: 'two-fit-functions',
    what: 'The node gives room by its total RAM, everybody else reckons with what is usable.',
    seams: {
      charts: ({ server, node }) => ({
        server,
        node: node.provide({
          actions: {
            reserve: nodeAct((now) =>
              answerEach(now, (context, { serverId, epoch, startMs: _, ...ask }) => {
                const roomy = sized(context, { ...context, ramMb: context.ramMb * 2 });
                const { context: after, placement } = reserve(roomy, { serverId, epoch, ask, ...PATIENT });
                return { context: sized(after, context), placement };
              }),
            ),
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
              set: { reservations: withoutReservation(context, (event as unknown as ReservationRequest).serverId) },
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
              reserve: nodeAct((now) =>
                answerEach(now, (context, { serverId, startMs: _, ...ask }) => {
                  const isFree = counted(context, 0) + ask.ramMb <= context.ramMb - context.reserveRamMb;
                  if (!isFree) return turnDown(context, 'The counter says that it is full.');
                  counted(context, ask.ramMb);
                  const reservation = { ...ask, startsUntil: PATIENT.startsUntil };
                  const reservations = { ...context.reservations, [serverId]: reservation };
                  return { context: { ...context, reservations }, placement: { placed: true } };
                }),
              ),
              release: nodeAct(({ context, event }) => {
                const { serverId } = event as unknown as ReservationRequest;
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
        node: node.provide({ actions: { takeBack: nodeAct(() => ({})), withdraw: nodeAct(() => ({})) } }),
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
