/** Turns: each is in the journal once, and whatever it consumed was consumed by it alone. */
import type { Evidence, Row } from '../evidence.ts';

/** From 1 without a gap, up to the actor's own number; the states of one actor follow from each other. */
export function* journalWhole({ journal, actors }: Evidence): Iterable<string> {
  for (const [address, rows] of grouped(journal, 'address')) {
    for (const [index, row] of rows.entries()) {
      if (row.seq !== index + 1) yield `the journal of ${address} has turn ${row.seq} in the place of ${index + 1}`;
      const before = rows[index - 1];
      if (before !== undefined && before.to_state !== row.from_state) {
        yield `turn ${row.seq} of ${address} begins in ${row.from_state}, the one before ended in ${before.to_state}`;
      }
    }
    const actor = actors.find((one) => one.address === address);
    const last = rows.at(-1);
    if (actor === undefined && last?.to_state !== 'purged') yield `${address} is gone in state ${last?.to_state}`;
    if (actor !== undefined && actor.seq !== last?.seq)
      yield `${address} is at ${actor.seq}, its journal at ${last?.seq}`;
  }
  for (const { address } of actors) {
    if (!journal.some((row) => row.address === address)) yield `${address} has no journal`;
  }
}

/** Nothing waits to be handled, and nothing was put aside. */
export function* nothingLeft({ messages, stash, deadLetters, actors }: Evidence): Iterable<string> {
  for (const { id, receiver } of messages) yield `the message ${id} to ${receiver} was never handled`;
  for (const { operation_id, address } of stash) yield `the command ${operation_id} still waits for ${address}`;
  for (const { address, error } of deadLetters) yield `a dead letter of ${address}: ${JSON.stringify(error)}`;
  for (const { address, quarantined } of actors) {
    if (quarantined !== null) yield `${address} is quarantined: ${JSON.stringify(quarantined)}`;
  }
}

/**
 * The notebook of the database says in which transaction each message, effect and timer came and went. Nothing goes twice;
 * a turn that was caused by one took it away in its own transaction; and a message went only with the turn it caused, or
 * with its receiver.
 */
export function* handledOnce({ notes, journal }: Evidence): Iterable<string> {
  const gone = new Set<string>();
  const takenIn = new Set<string>();
  for (const { op, kind, id, address, what, tx } of notes) {
    if (kind === 'journal') continue;
    if (op !== 'insert') takenIn.add(`${tx} ${kind} ${address} ${kind === 'timers' ? delayOf(id) : what}`);
    if (op !== 'delete' || kind === 'timers') continue;
    if (gone.has(String(id))) yield `${kind} ${id} was taken away twice`;
    gone.add(String(id));
  }
  const turns = notes.filter(({ kind }) => kind === 'journal');
  const caused = new Set(turns.map(({ tx, address, what }) => `${tx} ${address} ${what}`));
  const ended = new Set(journal.filter(({ to_state }) => to_state === 'purged').map(({ address }) => String(address)));
  for (const { tx, address, what } of turns) {
    const cause = causeOf(String(what));
    if (cause !== null && !takenIn.has(`${tx} ${cause.kind} ${address} ${cause.what}`)) {
      yield `a turn of ${address} (${what}) took nothing away that could have caused it`;
    }
  }
  for (const { op, kind, id, tx, address, what } of notes) {
    if (kind !== 'messages' || op !== 'delete') continue;
    const wasHandled = caused.has(`${tx} ${address} ${what}`);
    if (!wasHandled && !ended.has(String(address))) yield `the message ${id} to ${address} went without its turn`;
  }
}

/** Events that only ever come as durable messages. */
const MESSAGES = new Set(['release', 'forget', 'hold', 'reservation.expired', 'enter', 'leave', 'capacity.available']);

function causeOf(event: string): { readonly kind: string; readonly what: string } | null {
  if (MESSAGES.has(event)) return { kind: 'messages', what: event };
  const [, effect] = /^(\w+) (?:done|failed)$/.exec(event) ?? [];
  if (effect !== undefined) return { kind: 'effects', what: effect };
  const [, delay] = /^after (\w+)$/.exec(event) ?? [];
  return delay === undefined ? null : { kind: 'timers', what: delay };
}

const delayOf = (timerId: unknown): string => String(timerId).split('.')[2] ?? '';

export function grouped(rows: readonly Row[], column: string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = String(row[column]);
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [row]);
    else own.push(row);
  }
  return groups;
}
