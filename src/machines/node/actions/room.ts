/** The node's room, which is given out here and nowhere else: two servers never get the same megabyte. */
import type { Verb } from '../../../actors/verbs.ts';
import type { EventOf } from '../context.ts';
import { type Freed, forget, held, release, reserve, sized, tellFitting, turnDown } from '../ledger.ts';
import { isPressed } from '../pressure.ts';
import type { NodeContext } from '../types.ts';
import { act } from './act.ts';

/** Those that fit now are told to try again. */
const outcome = ({ context, fitting }: Freed) => ({
  set: context,
  verbs: fitting.map(
    (id): Verb => ({ type: 'tell', params: { to: `server/${id}`, event: { type: 'capacity.available' } } }),
  ),
});

/** Why it takes no servers, as a sentence. */
function closedBecause({ name, system, readyAt, awaySince, cordoned, leaves, pressure }: NodeContext): string {
  if (system) return `${name} is for Baton's own use.`;
  if (readyAt === null) return `${name} is not ready yet.`;
  if (awaySince !== null) return `${name} does not answer.`;
  if (leaves) return `${name} is about to leave.`;
  if (cordoned) return `${name} is cordoned.`;
  if (isPressed(pressure)) {
    const short = (['disk', 'memory', 'cpu'] as const).filter((resource) => pressure[resource] !== 'calm');
    return `${name} is short of ${short.join(' and ')}.`;
  }
  return `${name} takes no servers now.`;
}

export const roomActions = {
  reserve: act(({ context, event }) => {
    const { serverId, epoch, ramMb, cpu } = event as EventOf<'reserve'>;
    const answer = reserve(context, serverId, { epoch, ramMb, cpu });
    return { set: answer.context, verbs: [{ type: 'reply', params: { value: answer.placement } }] };
  }),
  /** What was given already stays given; a request that is made twice gets the same answer. */
  refuse: act(({ context, event }) => {
    const { serverId, epoch, ramMb } = event as EventOf<'reserve'>;
    const answer = held(context, serverId, epoch) ?? turnDown(context, serverId, ramMb, closedBecause(context));
    return { set: answer.context, verbs: [{ type: 'reply', params: { value: answer.placement } }] };
  }),
  release: act(({ context, event }) => {
    const { serverId, epoch } = event as EventOf<'release'>;
    return outcome(release(context, serverId, epoch));
  }),
  forget: act(({ context, event }) => outcome(forget(context, (event as EventOf<'forget'>).serverId))),
  resize: act(({ context, event }) => {
    const { ramMb, cpus } = event as EventOf<'resize'>;
    return outcome(tellFitting(sized(context, ramMb, cpus)));
  }),
  /** It takes servers again. */
  tellWaiting: act(({ context }) => outcome(tellFitting(context))),
};
