/** The stations of a node's life, as changes of the context. */
import { type EventOf, outputOf, timeOf } from '../context.ts';
import { sized } from '../ledger.ts';
import { act } from './act.ts';

export const lifeActions = {
  noteMachine: act(({ event }) => ({ set: { ssh: (event as EventOf<'machine.booted'>).ssh } })),
  /** A repeated bootstrap may come with another way to reach the machine. */
  noteTarget: act(({ context, event }) => ({ set: { ssh: (event as EventOf<'bootstrap'>).ssh ?? context.ssh } })),
  noteBootstrapped: act((now) => {
    const { hostKey, bootId, leaseEpoch: seen, ...size } = outputOf<'bootstrap'>(now);
    // A machine that was a node before refuses whatever is older than it has seen then.
    const leaseEpoch = Math.max(now.context.leaseEpoch, seen + 1);
    return { set: { ...sized(now.context, size), hostKey, bootId, leaseEpoch } };
  }),
  /** From here on it is connected, and what went wrong before is over. */
  noteReady: act((now) => ({ set: { readyAt: now.context.readyAt ?? timeOf(now), lastError: null } })),
  noteGone: act((now) => ({ set: { removedAt: now.context.removedAt ?? timeOf(now) } })),
  cordon: act(() => ({ set: { cordoned: true } })),
  uncordon: act(() => ({ set: { cordoned: false } })),
  leave: act(() => ({ set: { leaves: true } })),
  stay: act(() => ({ set: { leaves: false } })),
  label: act(({ event }) => ({ set: { labels: (event as EventOf<'label'>).labels } })),
};
