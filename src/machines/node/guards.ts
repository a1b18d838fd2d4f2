import { and, not, stateIn } from 'xstate';
import { fenceWaitMs } from '../fleet/lease.ts';
import { startsOn } from './capacity.ts';
import { type EventOf, type Now, outputOf } from './context.ts';
import type { NodeLimits } from './limits.ts';
import { isPressed } from './pressure.ts';
import type { NodeContext } from './types.ts';

/**
 * What proves anything by the lease's running out, ms; null where that proves nothing: on the machine that we run on, which has no lease,
 * and where nobody would freeze what runs.
 */
export const leaseProofMs = (
  { kind, guarded }: Pick<NodeContext, 'kind' | 'guarded'>,
  { lease }: NodeLimits,
): number | null => (kind === 'local' || !guarded ? null : fenceWaitMs(lease));

const isCordoned = ({ context }: Now): boolean => context.cordoned || context.leaves || isPressed(context.pressure);

/** Every guard of the node by its name. None of them throws. */
export const nodeGuards = (limits: NodeLimits) => ({
  isLocal: ({ context }: Now) => context.kind === 'local',
  needsMachine: ({ context }: Now) => context.ssh === null,
  hasTarget: ({ context, event }: Now) => context.ssh !== null || (event as EventOf<'bootstrap'>).ssh !== undefined,

  isCordoned,
  isUncordoned: (now: Now) => !isCordoned(now),
  byOperator: ({ context }: Now) => context.cordoned,
  notByOperator: ({ context }: Now) => !context.cordoned,
  leaves: ({ context }: Now) => context.leaves,
  isToStay: ({ context }: Now) => !context.leaves,
  /** Neither the rows nor its own inventory say that something is there that runs. */
  isEmpty: ({ context }: Now) =>
    Object.keys(context.reservations).length === 0 &&
    context.shown.every(({ state }) => state !== 'running' && state !== 'paused'),
  hasNewSize: ({ context, event }: Now) => {
    const { ramMb, cpus, diskMb = context.diskMb } = event as EventOf<'resize'>;
    return ramMb !== context.ramMb || cpus !== context.cpus || diskMb !== context.diskMb;
  },

  hasStarts: ({ context }: Now) => startsOn(context) > 0,
  hasNoStarts: ({ context }: Now) => startsOn(context) === 0,

  isReady: ({ context }: Now) => context.readyAt !== null,
  isReadyHere: ({ context }: Now) => context.readyAt !== null && context.kind === 'local',
  isForItself: ({ context }: Now) => context.system,
  takesServers: stateIn({ life: 'ready', connection: { connected: 'healthy' } }),
  /** It takes no new servers, and those that have room there may start again in it. */
  keepsServers: and([
    stateIn({ connection: { connected: 'healthy' } }),
    ({ context }: Now) => context.readyAt !== null && !context.leaves,
  ]),
  isDisconnected: not(stateIn({ connection: 'connected' })),
  isRemoved: stateIn({ life: 'removed' }),
  isOver: stateIn({ life: 'decommissioned' }),

  isLastMiss: ({ event }: Now) => (event as EventOf<'beat.missed'>).streak >= limits.lease.missedLimit,
  hasRebooted: ({ context, event }: Now) => {
    const { bootId } = (event as EventOf<'beat'>).reading;
    return context.bootId !== null && context.bootId !== bootId;
  },
  isFenced: ({ context }: Now) => context.fence !== null,
  /** A lease proves nothing before its time, whatever an effect says. */
  isProof: (now: Now) => {
    const { proof, waitedMs } = outputOf<'fence'>(now);
    const waitMs = leaseProofMs(now.context, limits);
    return proof !== 'lease_expired' || (waitMs !== null && waitedMs >= waitMs);
  },
  isToBeSettled: (now: Now) => {
    const { keep, stop, quarantine } = outputOf<'readInventory'>(now).settlement;
    return keep.length + stop.length + quarantine.length > 0;
  },

  isHigh: ({ context }: Now) => isPressed(context.pressure),
  isCalm: ({ context }: Now) => !isPressed(context.pressure),
  isCritical: ({ context }: Now) => context.pressure.disk === 'critical',
  isOnlyHigh: ({ context }: Now) => isPressed(context.pressure) && context.pressure.disk !== 'critical',
});
