/** The node's room, which is given out here and nowhere else: two servers never get the same megabyte. */
import type { Verb } from '../../../actors/verbs.ts';
import { type EventOf, type Now, timeOf } from '../context.ts';
import { type Answer, forget, held, hold, release, reserve, sized, takeBack, turnDown, withdraw } from '../ledger.ts';
import type { NodeLimits } from '../limits.ts';
import { isPressed } from '../pressure.ts';
import type { NodeContext, Placement, ReservationRequest } from '../types.ts';
import { act } from './act.ts';

/** One request after the other; the reply has their placements, in the same order. */
export function answerEach(now: Now, answer: (context: NodeContext, request: ReservationRequest) => Answer) {
  const placements: Placement[] = [];
  let { context } = now;
  for (const request of (now.event as EventOf<'reserve'>).requests) {
    const one = answer(context, request);
    context = one.context;
    placements.push(one.placement);
  }
  return { set: context, verbs: [{ type: 'reply', params: { value: placements } } satisfies Verb] };
}

/** Why it takes no servers, as a sentence. */
function closedBecause({ name, system, readyAt, awaySince, cordoned, leaves, pressure }: NodeContext): string {
  if (system) return `${name} is for Baton's own use.`;
  if (readyAt === null) return `${name} is not ready yet.`;
  if (awaySince !== null) return `${name} does not answer.`;
  if (leaves) return `${name} is about to leave.`;
  if (cordoned) return `${name} is cordoned.`;
  if (pressure.engine === 'silent') return `The container engine of ${name} does not answer.`;
  if (isPressed(pressure)) {
    const short = (['disk', 'memory', 'cpu'] as const).filter((resource) => pressure[resource] !== 'calm');
    return `${name} is short of ${short.join(' and ')}.`;
  }
  return `${name} takes no servers now.`;
}

/** What was given already stays given; a request that is made twice gets the same answer. */
const refused = (context: NodeContext, { serverId, epoch }: ReservationRequest): Answer =>
  held(context, serverId, epoch) ?? turnDown(context, closedBecause(context));

export const roomActions = ({ startsMax }: NodeLimits) => {
  const give =
    (now: Now, atOnce: number | null = startsMax) =>
    (context: NodeContext, { serverId, epoch, startMs, ...ask }: ReservationRequest) =>
      reserve(context, { serverId, epoch, ask, startsUntil: timeOf(now) + startMs, startsMax: atOnce });
  return {
    reserve: act((now) => answerEach(now, give(now))),
    /**
     * For those that have room there already, as a server has that is restarted; all others are refused. Nobody has to wait for
     * his turn: the queue offers nothing on a node that takes no servers.
     */
    reserveAgain: act((now) =>
      answerEach(now, (context, request) =>
        (context.reservations[request.serverId] === undefined ? refused : give(now, null))(context, request),
      ),
    ),
    refuse: act((now) => answerEach(now, refused)),
    hold: act(({ context, event }) => {
      const { serverId, epoch, ramMb, cpuMilli, diskMb, ports } = event as EventOf<'hold'>;
      return { set: hold(context, serverId, epoch, { ramMb, cpuMilli, diskMb, ports }) };
    }),
    release: act(({ context, event }) => {
      const { serverId, epoch } = event as EventOf<'release'>;
      return { set: release(context, serverId, epoch) };
    }),
    withdraw: act(({ context, event }) => {
      const { serverId, epoch } = event as EventOf<'withdraw'>;
      return { set: withdraw(context, serverId, epoch) };
    }),
    forget: act(({ context, event }) => ({ set: forget(context, (event as EventOf<'forget'>).serverId) })),
    resize: act(({ context, event }) => ({ set: sized(context, event as EventOf<'resize'>) })),
    /** Room of starts that neither succeeded nor failed in time. Their servers are told, in case one still goes on. */
    takeBack: act((now) => {
      const { context, taken } = takeBack(now.context, timeOf(now));
      const verbs = taken.map(
        ({ serverId, epoch }): Verb => ({
          type: 'tell',
          params: { to: `server/${serverId}`, event: { type: 'reservation.expired', nodeId: context.id, epoch } },
        }),
      );
      return { set: context, verbs };
    }),
  };
};
