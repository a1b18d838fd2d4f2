/** What a play comes to: the figures of it, and what was wrong. Pure. */
import { quantile } from '../../../bench/report.ts';
import type { EventSeen, ServerSeen } from './api.ts';
import { ofWallMs } from './clock.ts';
import { isUp } from './containers.ts';
import { copyOf, type Played } from './play.ts';
import { COPY_DIGITS, longestGapMs, missing, overlapMs, type Write } from './writes.ts';

/** Durations are ms, from when the machine was struck if nothing else is said; null: it did not come to that. */
export interface Figures {
  readonly noticed_ms: number | null;
  /** Until the last of its servers was known to be frozen. */
  readonly fenced_ms: number | null;
  /** Until the last copy on it wrote for the last time before it was mended. */
  readonly silent_ms: number | null;
  /** Until all of its servers that may move ran elsewhere. */
  readonly running_ms: number | null;
  /** From when it was mended until everything was in order again. */
  readonly back_ms: number;
  /** The longest time during which two copies of one server wrote. */
  readonly overlap_ms: number;
  /** Writes of a copy after it was certain that it wrote nothing more. */
  readonly late_writes: number;
  /** Writes that were on disk when it was struck and are nowhere now. */
  readonly lost_writes: number;
  /** Servers of other nodes that have another container, or that stood still. */
  readonly touched: number;
  /** The longest pause of a server of another node. */
  readonly longest_gap_ms: number;
  readonly p99_before_ms: number;
  readonly p99_during_ms: number;
  readonly asked: number;
}

export interface Judgement {
  readonly figures: Figures;
  readonly violations: readonly string[];
}

/** Twenty writes. A freeze by the lease lasts longer, a busy disk does not. */
const GAP_MS = 2_000;

export function judge(played: Played): Judgement {
  const { struckAtMs, mendedAtMs, restAtMs, answered } = played;
  const since = (atMs: number | null) => (atMs === null ? null : Math.round(atMs - struckAtMs));
  const { own, others } = sides(played);
  const fences = fencedAt(played);
  const touched = others.filter((was) => isTouched(played, was));
  const gaps = others.map(({ id }) => longestGapMs(writesOf(played, id), struckAtMs));
  const last = own.flatMap((was) => {
    const before = ofCopy(played, was).filter(({ atMs }) => atMs < mendedAtMs);
    return before.length === 0 ? [] : [Math.max(...before.map(({ atMs }) => atMs))];
  });
  const tookMs = (from: number, to: number) =>
    answered.filter(({ atMs }) => atMs >= from && atMs < to).map(({ tookMs }) => tookMs);
  const figures: Figures = {
    noticed_ms: since(played.noticedAtMs),
    fenced_ms: since(fences.size === 0 ? null : Math.max(...fences.values())),
    silent_ms: since(last.length === 0 || played.scenario.outcome === 'untouched' ? null : Math.max(...last)),
    running_ms: since(played.movedAtMs),
    back_ms: Math.round(restAtMs - mendedAtMs),
    overlap_ms: Math.ceil(Math.max(0, ...[...played.after.writes.values()].map(overlapMs))),
    late_writes: own.reduce((sum, was) => sum + lateWrites(played, was, fences.get(was.id)).length, 0),
    lost_writes: [...played.before.writes].reduce(
      (sum, [id, there]) => sum + missing(there, writesOf(played, id)).length,
      0,
    ),
    touched: touched.length,
    longest_gap_ms: Math.round(Math.max(0, ...gaps)),
    p99_before_ms: tenths(quantile(tookMs(0, struckAtMs), 0.99)),
    p99_during_ms: tenths(quantile(tookMs(struckAtMs, restAtMs), 0.99)),
    asked: answered.length,
  };
  return { figures, violations: [...promises(played, figures), ...outcomes(played), ...story(played)] };
}

/** What must hold in every scenario. */
function promises(played: Played, figures: Figures): string[] {
  const { overlap_ms, late_writes, lost_writes, touched } = figures;
  const two = played.after.containers.filter(
    (found) => isUp(found) && played.after.servers.get(found.serverId)?.container_id !== found.id,
  );
  return [
    ...(overlap_ms > 0 ? [`two copies of a server wrote for ${overlap_ms} ms`] : []),
    ...(late_writes > 0 ? [`${late_writes} writes of copies that were known to be frozen`] : []),
    ...(lost_writes > 0 ? [`${lost_writes} writes are gone`] : []),
    ...(touched > 0 ? [`${touched} servers of other nodes were touched`] : []),
    ...two.map(({ id, serverId, state }) => `a container of ${serverId} that is not its own is ${state}: ${id}`),
    ...(played.unanswered.length > 0 ? [`the page of servers did not answer ${played.unanswered.length} times`] : []),
  ];
}

/** What must have become of the servers of the machine. */
function outcomes(played: Played): string[] {
  const { outcome } = played.scenario;
  return sides(played).own.flatMap((was) => {
    const now = played.after.servers.get(was.id);
    const moves = was.failover_policy !== 'wait';
    const is = {
      same: now?.container_id === was.container_id && startOf(played, 'after', was) === startOf(played, 'before', was),
      home: now?.node_id === was.node_id,
      newer: now !== undefined && now.epoch > was.epoch && now.container_id !== was.container_id,
      aside: (played.after.aside.get(was.id)?.length ?? 0) > (played.before.aside.get(was.id)?.length ?? 0),
    };
    const wrong = (what: string, holds: boolean) => (holds ? [] : [`${was.name}: ${what}`]);
    if (outcome === 'untouched') return wrong('it is not in the same container as before', is.same && is.home);
    if (outcome === 'restarted') return wrong('it does not run there in a new container', is.newer && is.home);
    if (moves) {
      return [...wrong('it did not move', is.newer && !is.home), ...wrong('its old world was not put aside', is.aside)];
    }
    if (outcome === 'moved') return wrong('it did not wait for its node in its container', is.same && is.home);
    return wrong('it was not started again on its node', is.newer && is.home);
  });
}

/** The event log tells it in order. */
function story(played: Played): string[] {
  const { outcome } = played.scenario;
  if (outcome !== 'moved' && outcome !== 'moved_or_restarted') return [];
  return sides(played).own.flatMap((was) => {
    const end = was.failover_policy === 'wait' ? 'server.returned' : 'server.failed_over';
    const wanted = ['server.lost', 'server.fenced', end];
    const told = played.events.filter(({ subject, type }) => subject.id === was.id && wanted.includes(type));
    const types = told.map(({ type }) => type);
    return types.join() === wanted.join() ? [] : [`${was.name}: the event log says ${types.join(', ') || 'nothing'}`];
  });
}

function sides({ before, nodeId }: Played) {
  const all = [...before.servers.values()];
  return {
    own: all.filter(({ node_id }) => node_id === nodeId),
    others: all.filter(({ node_id }) => node_id !== nodeId),
  };
}

const writesOf = ({ after }: Played, id: string): readonly Write[] => after.writes.get(id) ?? [];

const ofCopy = (played: Played, was: ServerSeen): readonly Write[] =>
  writesOf(played, was.id).filter(({ copy }) => copy === copyOf(was));

/** When it was certain of each server that it was frozen, by what Baton says. */
function fencedAt({ events, nodeId }: Played): ReadonlyMap<string, number> {
  const fences = events.filter(({ type, data }) => type === 'server.fenced' && data.node_id === nodeId);
  return new Map(fences.map(({ subject, data }: EventSeen) => [subject.id, ofWallMs(String(data.at))]));
}

/**
 * Writes of the copy that was on the machine, after the fence. One that waits for its node may write again once it is back. A
 * write may bear a time from before it was frozen and come after it was thawed, so what was not there when the machine was
 * mended counts as well.
 */
function lateWrites(played: Played, was: ServerSeen, fence: number | undefined): readonly Write[] {
  if (fence === undefined) return [];
  const own = ofCopy(played, was);
  if (was.failover_policy === 'wait') return own.filter(({ atMs }) => atMs > fence && atMs < played.mendedAtMs);
  const seen = (played.during.writes.get(was.id) ?? []).filter(({ copy }) => copy === copyOf(was));
  const after = fence < played.mendedAtMs && seen.length > 0 ? missing(own, seen) : [];
  return [...new Set([...own.filter(({ atMs }) => atMs > fence), ...after])];
}

function isTouched(played: Played, was: ServerSeen): boolean {
  const now = played.after.servers.get(was.id);
  const moved = now?.container_id !== was.container_id || now?.node_id !== was.node_id || now?.epoch !== was.epoch;
  if (moved || startOf(played, 'before', was) !== startOf(played, 'after', was)) return true;
  return longestGapMs(writesOf(played, was.id), played.struckAtMs) > GAP_MS;
}

const startOf = (played: Played, when: 'before' | 'after', was: ServerSeen): string | undefined =>
  played[when].containers.find(({ id }) => id.slice(0, COPY_DIGITS) === copyOf(was))?.startedAt;

const tenths = (value: number): number => Math.round(value * 10) / 10;
