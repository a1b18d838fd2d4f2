/** What callers were told, and what became of it. */
import type { Evidence, Row } from '../evidence.ts';

/** Every operation has ended, and one that failed says why. */
export function* operationsEnded({ operations }: Evidence): Iterable<string> {
  for (const { id, command, target, status, error, message, finished_at } of operations) {
    const name = `the operation ${command} ${id} of ${target}`;
    if (status === 'running') yield `${name} has not ended`;
    else if (finished_at === null) yield `${name} is ${status} and has no end`;
    if (status === 'failed' && codeOf(error) === null) yield `${name} failed without an error code`;
    if (status === 'cancelled' && message === null) yield `${name} was cancelled and does not say by what`;
    if (status === 'succeeded' && error !== null) yield `${name} succeeded with an error`;
  }
}

/** What was answered 202 is there, under its key and once; what was refused is not. */
export function* answersKept({ operations, asked }: Evidence): Iterable<string> {
  const byKey = new Map<unknown, Row[]>();
  for (const row of operations) byKey.set(row.idempotency_key, [...(byKey.get(row.idempotency_key) ?? []), row]);
  for (const { ask, answers } of asked) {
    const name = `${ask.method} ${ask.path} (key ${ask.key})`;
    const made = byKey.get(ask.key) ?? [];
    if (made.length > 1) yield `${name} made ${made.length} operations`;
    const told = new Set(answers.filter(({ status }) => status === 202).map(({ operationId }) => operationId));
    if (told.size > 1) yield `${name} was answered with different operations: ${[...told].join(', ')}`;
    for (const id of told)
      if (!made.some((row) => row.id === id)) yield `${name} was answered 202, but ${id} is not there`;
    const last = answers.at(-1);
    if (last !== undefined && last.status >= 400 && made.length > 0) {
      yield `${name} was answered ${last.status} ${last.code}, but its operation ${made[0]?.id} is there`;
    }
  }
}

/** The last command that succeeded on a server says what state it is in, unless something has happened to it since. */
export function* resultsHold({ operations, servers, journal }: Evidence): Iterable<string> {
  for (const { id, status } of servers) {
    const rows = journal.filter(({ address }) => address === `server/${id}`);
    const moved = rows.findLast(({ from_state, to_state }) => top(from_state) !== top(to_state));
    const operation = operations.find((one) => one.id === moved?.operation_id);
    const expected = operation?.status === 'succeeded' ? RESULTS[String(operation.command)] : undefined;
    if (expected !== undefined && !expected.includes(String(status))) {
      yield `server ${id} is ${status} after ${operation?.command} succeeded`;
    }
  }
}

const RESULTS: Readonly<Record<string, readonly string[]>> = {
  start: ['running'],
  restart: ['running'],
  stop: ['stopped'],
  kill: ['stopped'],
  delete: ['deleted'],
  undelete: ['stopped', 'missing'],
};

const top = (state: unknown): string => String(state).split('.')[0] ?? '';

const codeOf = (error: unknown): string | null => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code !== '' ? code : null;
};
