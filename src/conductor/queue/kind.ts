import type { AnyMachineSnapshot } from 'xstate';
import type { ActorEvent, ActorKind, Actors, EffectFunction, PendingEvent, Principal } from '../../actors/types.ts';
import { createQueueMachine, etaOf, type QueueContext, ranked } from '../../machines/queue/index.ts';
import { QUEUE_PROJECTION } from '../interfaces/stores.ts';
import { type MatchParts, match } from './match.ts';
import { QUEUE } from './picture.ts';

const contextOf = (snapshot: AnyMachineSnapshot) => snapshot.context as QueueContext;

/** The deadline of the state comes first. */
const MARGIN_MS = 5_000;

/** News of positions that one turn tells: those at the head matter most. */
const EVENTS_MAX = 100;

/** The queue, as the runtime runs it. */
export function queueKind(parts: MatchParts): ActorKind {
  const { limits } = parts;
  return {
    kind: 'queue',
    machine: createQueueMachine(limits),
    commands: [],
    effects: { match: { run: match(parts) as EffectFunction, deadlineMs: limits.matchMs + MARGIN_MS, attempts: 2 } },
    status: queueStatus,
    operation: (snapshot) => contextOf(snapshot).operation,
    ownerId: () => null,
    projections: (snapshot) => [{ name: QUEUE_PROJECTION, row: { entries: contextOf(snapshot).entries } }],
    events: queueEvents,
  };
}

function queueStatus({ value }: Pick<AnyMachineSnapshot, 'value'>): { status: string; detail: string | null } {
  if (typeof value === 'string') return { status: value, detail: null };
  const [[status, detail] = ['', null]] = Object.entries(value as Record<string, string>);
  return { status, detail };
}

/** Owners hear where their servers stand whenever that changes. */
function queueEvents(
  before: AnyMachineSnapshot | undefined,
  after: AnyMachineSnapshot,
  { at }: ActorEvent,
): readonly PendingEvent[] {
  if (before === undefined || contextOf(before).entries === contextOf(after).entries) return [];
  const [was, now] = [standings(contextOf(before)), standings(contextOf(after))];
  const all = new Map([...now, ...was]);
  const size = now.size;
  const events: PendingEvent[] = [];
  for (const [id, { ownerId }] of all) {
    const [old, present] = [was.get(id), now.get(id)];
    if (old?.position === present?.position && old?.heldOn === present?.heldOn) continue;
    const eta = present === undefined ? null : etaOf(contextOf(after), present.position, Number(at));
    events.push({
      type: 'queue.updated',
      subject: { kind: 'server', id },
      ownerId,
      data: {
        server_id: id,
        position: present?.position ?? null,
        size,
        eta: eta === null ? null : new Date(eta).toISOString(),
        held_on: present?.heldOn ?? null,
      },
    });
  }
  return events.slice(0, EVENTS_MAX);
}

function standings({ entries }: QueueContext) {
  return new Map(
    ranked(entries).map(({ entry: { serverId, ownerId, heldOn } }, at) => [
      serverId,
      { position: at + 1, ownerId, heldOn },
    ]),
  );
}

/** Makes the queue at the first start, and has it wait for the inventories at each later one. */
export async function ensureQueue(actors: Actors, by: Principal): Promise<void> {
  try {
    await actors.ask(QUEUE, { type: 'boot' });
  } catch (thrown) {
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'not_found')) throw thrown;
    await actors.create(QUEUE, {}, 'create', { by });
  }
}
