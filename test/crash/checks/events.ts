/** The event log: in order, complete, and the same for one who read it while it was written. */
import type { Evidence, Row } from '../evidence.ts';
import { grouped } from './turns.ts';

/** Every change of status in the journal is in the log, in the same order. */
export function* statusChangesTold({ journal, events }: Evidence): Iterable<string> {
  const told = grouped(
    events.filter(({ type }) => type === 'server.status_changed'),
    'subject_id',
  );
  for (const [address, rows] of grouped(journal, 'address')) {
    if (!address.startsWith('server/')) continue;
    const changes = rows
      .filter(({ from_state, to_state }) => from_state !== null && from_state !== to_state)
      .map(({ from_state, to_state }) => `${from_state} → ${to_state}`);
    const log = (told.get(address.slice('server/'.length)) ?? []).map(({ data }) => change(data as Row));
    const at = changes.findIndex((one, index) => one !== log[index]);
    if (at >= 0) yield `${address}: change ${at + 1} was ${changes[at]}, the log says ${log[at] ?? 'nothing'}`;
    else if (log.length > changes.length) yield `${address}: the log tells ${log[changes.length]}, which never was`;
  }
}

function change({ old_status, old_status_detail, status, status_detail }: Row): string {
  const name = (state: unknown, detail: unknown) => (detail === null ? String(state) : `${state}.${detail}`);
  return `${name(old_status, old_status_detail)} → ${name(status, status_detail)}`;
}

/** A reader that goes on from the last number it has seen misses nothing, whatever was killed meanwhile. */
export function* nothingMissed({ events, followed }: Evidence): Iterable<string> {
  for (const [index, seq] of followed.entries()) {
    const before = followed[index - 1] ?? 0;
    if (seq <= before) yield `the follower read event ${seq} after ${before}`;
  }
  const seen = new Set(followed);
  const last = followed.at(-1) ?? 0;
  for (const { seq, type } of events) {
    if (Number(seq) <= last && !seen.has(Number(seq))) yield `the follower never saw event ${seq} (${type})`;
  }
}
