import type { ActorState } from '../../actors/inspection.ts';
import type { Runtime } from '../../actors/runtime.ts';
import type { Address } from '../../actors/types.ts';
import { hasOffer, type QueueContext } from '../../machines/queue/index.ts';

export const QUEUE: Address = 'queue/main';

/** Whether a server may ask nodes for room now; with an offer, on which one first. */
export type Admission =
  | { readonly admitted: true; readonly nodeId: string | null }
  | { readonly admitted: false; readonly reason: string };

/** The queue as its last committed turn left it. A start that nobody waits before need not ask the queue. */
export interface QueuePicture {
  readonly entries: QueueContext['entries'];
  readonly placedAt: QueueContext['placedAt'];
  /** False until every node's inventory was read. */
  readonly isOpen: boolean;
  admission(serverId: string): Admission;
  /** Nodes that are held for others than this server; see `QueueEntry.heldOn`. */
  heldFromIt(serverId: string): readonly string[];
  note(state: Omit<ActorState, 'snapshot'> & { readonly snapshot: Stored | null }): void;
}

type Stored = Pick<NonNullable<ActorState['snapshot']>, 'value' | 'context'>;

const BOOTING: Admission = {
  admitted: false,
  reason: 'Baton has just started, and reads what is on its nodes.',
};
const OTHERS_FIRST: Admission = { admitted: false, reason: 'Others wait for room, and it has its place among them.' };
const FREE: Admission = { admitted: true, nodeId: null };

export function createQueuePicture(clock: { now(): number }): QueuePicture {
  let seq = 0;
  let isOpen = false;
  let context: Pick<QueueContext, 'entries' | 'placedAt'> = { entries: [], placedAt: [] };

  return {
    get entries() {
      return context.entries;
    },
    get placedAt() {
      return context.placedAt;
    },
    get isOpen() {
      return isOpen;
    },
    admission(serverId) {
      if (!isOpen) return BOOTING;
      if (context.entries.length === 0) return FREE;
      const entry = context.entries.find((one) => one.serverId === serverId);
      if (entry === undefined || !hasOffer(entry, clock.now())) return OTHERS_FIRST;
      return { admitted: true, nodeId: entry.offer?.nodeId ?? null };
    },
    heldFromIt: (serverId) =>
      context.entries.flatMap((entry) => (entry.heldOn === null || entry.serverId === serverId ? [] : [entry.heldOn])),
    note(state) {
      if (state.address !== QUEUE || state.seq <= seq || state.snapshot === null) return;
      seq = state.seq;
      isOpen = state.snapshot.value !== 'booting';
      context = state.snapshot.context as QueueContext;
    },
  };
}

/** Keeps the picture up to date from committed turns. Returns how to stop. */
export const followQueue = ({ inspection }: Pick<Runtime, 'inspection'>, picture: QueuePicture): (() => void) =>
  inspection.onState((state) => picture.note(state));
