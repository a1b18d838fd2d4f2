/** How servers wait for room; the numbers themselves stand beside the statechart. */
import { QUEUE_LIMITS as LIMITS } from '../src/machines/queue/limits.ts';
import { whole } from './setting.ts';

const HOUR_MS = 3_600_000;

const ms = (name: string, fallback: number, [min, max]: readonly [number, number], reason: string) =>
  whole(`BATON_QUEUE_${name}_MS`, fallback, [min, max], 'ms', reason);

export const QUEUE_SETTINGS = {
  bootMs: ms('BOOT', LIMITS.bootMs, [0, HOUR_MS], 'After a start, how long inventories are waited for at most.'),
  matchMs: ms('MATCH', LIMITS.matchMs, [1_000, HOUR_MS], 'One look through the queue; it takes milliseconds.'),
  pollMs: ms('POLL', LIMITS.pollMs, [100, HOUR_MS], 'While somebody waits: for room that no hint told of.'),
  offerMs: ms(
    'OFFER',
    LIMITS.offerMs,
    [1_000, HOUR_MS],
    'How long room is kept for a server that was told of it; it comes within milliseconds, or never.',
  ),
  refusedMs: ms('REFUSED', LIMITS.refusedMs, [0, HOUR_MS], 'Before a server whose node refused it is offered another.'),
  absentMs: ms('ABSENT', LIMITS.absentMs, [0, HOUR_MS], 'Before a server that did not come is offered room again.'),
  overtakingMax: whole(
    'BATON_QUEUE_OVERTAKING_MAX',
    LIMITS.overtakingMax,
    [0, 10_000],
    'servers',
    'So many may be placed before one that stood before them; then a node is held for it.',
  ),
  overtakingMs: ms(
    'OVERTAKING',
    LIMITS.overtakingMs,
    [0, HOUR_MS],
    'So long it may be overtaken at all, from when it began to wait.',
  ),
  offersMax: whole(
    'BATON_QUEUE_OFFERS_MAX',
    LIMITS.offersMax,
    [1, 60],
    'servers',
    'Told in one turn, which may send 64 messages; the next turn goes on.',
  ),
  entriesMax: whole(
    'BATON_QUEUE_ENTRIES_MAX',
    LIMITS.entriesMax,
    [10, 500],
    'servers',
    "Kept in order; further ones try again by their own clock. Each turn writes all of them, within a snapshot's size.",
  ),
} as const;
