import type { PoolClient } from 'pg';
import type { CommitResult, TurnCommit } from '../../actors/store.ts';
import type { LiveEvent, Operation, PendingEvent } from '../../actors/types.ts';
import { toJsonb } from '../json.ts';
import { REMOVE_ACTORS } from '../sql/actors.ts';
import { END_EFFECTS, START_EFFECTS } from '../sql/commit-effects.ts';
import { SEND_MESSAGES } from '../sql/commit-messages.ts';
import { CANCEL_TIMERS, SET_TIMERS } from '../sql/commit-timers.ts';
import { COMMIT_TURNS } from '../sql/commit-turns.ts';
import { APPEND_EVENTS } from '../sql/events.ts';
import { BEGIN_OPERATIONS, END_OPERATIONS } from '../sql/operations.ts';
import type { ProjectionStatement } from '../sql/projection.ts';
import { UNSTASH } from '../sql/stash.ts';
import * as rows from './rows.ts';

/** A statement that the database plans once a connection. */
export const prepared = (client: PoolClient, name: string, text: string, values: readonly unknown[]) =>
  client.query({ name, text, values: [...values] });

/** Whether a batch needs more than the one statement that writes snapshots and journal. */
export const isPlain = (turn: TurnCommit): boolean =>
  !turn.ended &&
  turn.timersSet.length + turn.timersCancelled.length === 0 &&
  turn.effectsStarted.length + turn.effectsEnded.length === 0 &&
  turn.messages.length + turn.operationsEnded.length + turn.events.length + turn.projections.length === 0 &&
  turn.operationBegun === null &&
  turn.unstashes === null;

/** Writes snapshots and journal; answers the addresses that were written. */
export async function writeTurns(client: PoolClient, turns: readonly TurnCommit[]): Promise<ReadonlySet<string>> {
  const { rows: done } = await prepared(client, 'commit-turns', COMMIT_TURNS, rows.turnColumns(turns));
  return new Set(done.map(({ address }: { address: string }) => address));
}

/**
 * Writes what the turns ask for besides: what they removed first, then what they added. All statements are handed over at
 * once, so that on a connection that pipelines none of them waits for us.
 */
export async function writeRest(
  client: PoolClient,
  turns: readonly TurnCommit[],
  projections: ReadonlyMap<string, ProjectionStatement>,
): Promise<readonly CommitResult[]> {
  const run = async <R>(name: string, text: string, list: readonly unknown[]): Promise<readonly R[]> =>
    list.length === 0 ? [] : (await prepared(client, name, text, [toJsonb(list)])).rows;
  const remove = async (name: string, text: string, ids: readonly string[]): Promise<void> => {
    if (ids.length > 0) await prepared(client, name, text, [ids]);
  };
  const effectsEnded = turns.flatMap((turn) => turn.effectsEnded);
  const unstashed = turns.flatMap((turn) => turn.unstashes ?? []);
  const ended = turns.filter((turn) => turn.ended).map(({ address }) => address);

  const pieces = [
    run('cancel-timers', CANCEL_TIMERS, rows.cancelledTimers(turns)),
    remove('end-effects', END_EFFECTS, effectsEnded),
    remove('unstash', UNSTASH, unstashed),
    run('set-timers', SET_TIMERS, rows.setTimers(turns)),
    run('start-effects', START_EFFECTS, rows.startedEffects(turns)),
    run('send-messages', SEND_MESSAGES, rows.sentMessages(turns)),
  ];
  const operations = [
    run<Operation>('begin-operations', BEGIN_OPERATIONS, rows.begunOperations(turns)),
    run<Operation>('end-operations', END_OPERATIONS, rows.endedOperations(turns)),
  ];
  const readModels = project(client, turns, projections);
  const events = appendEvents(
    client,
    turns.flatMap((turn) => turn.events),
  );
  const gone = remove('remove-actors', REMOVE_ACTORS, ended);
  // The first that fails is the one that is told: the others fail because of it.
  await Promise.all([...pieces, ...operations, readModels, events, gone]);
  return results(turns, await events, (await Promise.all(operations)).flat());
}

/** Appends to the event log and answers the events with their numbers. */
export async function appendEvents(client: PoolClient, events: readonly PendingEvent[]): Promise<readonly LiveEvent[]> {
  if (events.length === 0) return [];
  const values = [toJsonb(events.map(rows.eventRow))];
  const { rows: numbered } = await prepared(client, 'append-events', APPEND_EVENTS, values);
  return events.map((event, index) => ({ ...event, ...(numbered[index] as { seq: number; at: Date }) }));
}

async function project(
  client: PoolClient,
  turns: readonly TurnCommit[],
  statements: ReadonlyMap<string, ProjectionStatement>,
): Promise<void> {
  const all = turns.flatMap(({ address, seq, projections }) =>
    projections.map(({ name, row }) => ({ name, id: address.slice(address.indexOf('/') + 1), row, seq })),
  );
  const known = [...Map.groupBy(all, ({ name }) => name)].map(([name, own]) => {
    const statement = statements.get(name);
    if (statement === undefined) throw new TypeError(`There is no statement for the projection "${name}".`);
    return { statement, own };
  });
  await Promise.all(
    known.map(({ statement, own }) => {
      const present = own.flatMap(({ row, seq }) => (row === null ? [] : [{ ...row, version: seq }]));
      const removed = own.filter(({ row }) => row === null).map(({ id }) => id);
      return statement.apply(client, present, removed);
    }),
  );
}

/** Each turn's own events (they were appended in order) and operations. */
function results(
  turns: readonly TurnCommit[],
  events: readonly LiveEvent[],
  operations: readonly Operation[],
): readonly CommitResult[] {
  // An operation that began and ended in one turn is there twice; the later row is the one that counts.
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  let from = 0;
  return turns.map(({ events: { length }, operationBegun, operationsEnded }) => {
    const own = events.slice(from, from + length);
    from += length;
    const ids = new Set([operationBegun?.id ?? '', ...operationsEnded.map(({ id }) => id)]);
    return { ok: true, events: own, operations: [...ids].flatMap((id) => byId.get(id) ?? []) };
  });
}
