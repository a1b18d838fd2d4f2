/**
 * A server that waits for room: fleet.md, "Queue". The fleet's queue decides whose turn it is; how long a server waits, and how
 * often it tries by itself in case the queue's word does not reach it, is its own business.
 */
import type { Verb } from '../../../actors/verbs.ts';
import type { Waiting } from '../../queue/types.ts';
import { isDone, isTied, type Now, outputOf, timeOf } from '../context.ts';
import { demandOf } from '../demand.ts';
import type { ServerLimits } from '../limits.ts';
import type { ServerContext } from '../types.ts';
import { act } from './act.ts';
import { giveBack } from './room.ts';

const QUEUE = 'queue/main';

const NOT_QUEUED: Partial<ServerContext> = { queuedAt: null, attempt: 0, nextAttemptAt: null };

/**
 * The attempts that count after the one that has just ended without room. The very first attempt does not count (the server
 * was not queued then), nor does one on the news of freed room that found none; while such a one runs, the next timed
 * attempt is still due.
 */
function attemptsAfter(now: Now): number {
  const { queuedAt, attempt } = now.context;
  return queuedAt === null || wasExtra(now) ? attempt : attempt + 1;
}

const wasExtra = (now: Now): boolean => now.context.nextAttemptAt !== null && isDone(now, 'place');

/** Whether an attempt ended because the nodes that have room start others; other events have no output, or another one. */
export function waitsForTurn(now: Now): boolean {
  const placement: Partial<ReturnType<typeof outputOf<'place'>>> | undefined = outputOf<'place'>(now);
  return placement?.placed === false && placement.busy === true;
}

const keepsItsRoom = (now: Now): boolean => now.context.reserved && waitsForTurn(now);

/**
 * Whether a server that found no room again has had its attempts or its time. One that has kept its room gets its turn however
 * long those before it take: each of them has a deadline.
 */
export function isExhausted(now: Now, limits: ServerLimits): boolean {
  const { queuedAt } = now.context;
  if (queuedAt === null || keepsItsRoom(now)) return false;
  return attemptsAfter(now) >= limits.queueAttempts || timeOf(now) - queuedAt >= limits.queueMs;
}

/** Why it was not placed, as far as anybody said so. */
function reasonOf(now: Now): string | null {
  if (!isDone(now, 'place')) return null;
  const output = outputOf<'place'>(now);
  return output.placed ? null : output.reason;
}

export const queueActions = (limits: ServerLimits) => ({
  /** Waits, or waits on. */
  enqueue: act((now) => {
    const at = timeOf(now);
    const attempt = attemptsAfter(now);
    const wait = limits.queueBackoffMs[attempt] ?? limits.queueBackoffMs.at(-1) ?? 0;
    const { queuedAt, nextAttemptAt } = now.context;
    const queued = {
      queuedAt: queuedAt ?? at,
      attempt,
      nextAttemptAt: queuedAt !== null && wasExtra(now) ? nextAttemptAt : at + wait,
    };
    const givesUpAt = (keepsItsRoom(now) ? at : queued.queuedAt) + limits.queueMs;
    return { set: queued, verbs: [enter({ ...now.context, ...queued }, reasonOf(now), givesUpAt)] };
  }),
  /** What it has of room goes back, unless it only waits for its turn to start in it. */
  waitWithRoom: act((now) => (keepsItsRoom(now) ? {} : giveBack(now.context))),
  /** The timed attempt begins. */
  takeTurn: act(() => ({ set: { nextAttemptAt: null } })),
  /** Waits no more; the queue hears so if it knows of this server. */
  clearQueue: act((now) => {
    const { id, queuedAt } = now.context;
    const placed = isDone(now, 'place') && outputOf<'place'>(now).placed;
    const leave: Verb = { type: 'tell', params: { to: QUEUE, event: { type: 'leave', serverId: id, placed } } };
    return { set: NOT_QUEUED, verbs: queuedAt === null ? [] : [leave] };
  }),
});

/** What the queue has to know to choose; see `machines/queue`. */
function enter(context: ServerContext & { queuedAt: number }, reason: string | null, givesUpAt: number): Verb {
  const { id, ownerId, spec, ports, nodeId, queuedAt, attempt, nextAttemptAt } = context;
  const entry: Waiting = {
    serverId: id,
    ownerId,
    name: spec.name,
    plan: spec.plan,
    demand: demandOf(spec, ports.length),
    only: isTied(context) ? nodeId : null,
    avoid: [],
    queuedAt,
    givesUpAt,
    attempt,
    nextAttemptAt,
    reason,
  };
  return { type: 'tell', params: { to: QUEUE, event: { type: 'enter', entry } } };
}
