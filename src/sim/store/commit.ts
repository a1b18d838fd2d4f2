/** Writes turns as `persistence/commit` does: those that are still right, all of them with all they ask for, or nothing. */
import type { CommitResult, TurnCommit } from '../../actors/store.ts';
import type { Address, LiveEvent, PendingEvent } from '../../actors/types.ts';
import { storable, toJsonb } from '../../persistence/json.ts';
import { project } from './project.ts';
import { begunOperation, keyOf, type OperationRow, plainOperation, type Tables } from './tables.ts';
import { ConstraintViolation, type Transaction } from './transaction.ts';

const FENCED: CommitResult = { ok: false, reason: 'fenced' };

/** @param now Unix milliseconds by the database's clock */
export function writeTurns(
  tables: Tables,
  turns: readonly TurnCommit[],
  now: number,
  tx: Transaction,
): readonly CommitResult[] {
  const right = new Set(turns.filter((turn) => isRight(tables, turn)));
  for (const turn of right) writeTurn(tables, turn, now, tx);
  const written = turns.filter((turn) => right.has(turn));
  for (const turn of written) removePieces(tables, turn, tx);
  for (const turn of written) addPieces(tables, turn, now, tx);
  const operations = new Map(written.map((turn) => [turn, changeOperations(tables, turn, now, tx)]));
  project(tables, written, now, tx);
  const events = new Map(written.map((turn) => [turn, turn.events.map((one) => append(tables, one, now, tx))]));
  for (const turn of written) if (turn.ended) removeActor(tables, turn.address, tx);
  return turns.map((turn) => {
    if (!right.has(turn)) return FENCED;
    return { ok: true, events: events.get(turn) ?? [], operations: operations.get(turn) ?? [] };
  });
}

/** The shard is ours, the actor is where the turn began, and the message that caused it is still there. */
function isRight({ shards, messages, actors }: Tables, turn: TurnCommit): boolean {
  if (shards.get(turn.shard)?.epoch !== turn.epoch) return false;
  if (turn.consumes !== null && !messages.has(turn.consumes)) return false;
  const seq = actors.get(turn.address)?.seq;
  return turn.seq === 1 ? seq === undefined : seq === turn.seq - 1;
}

function writeTurn(tables: Tables, turn: TurnCommit, now: number, tx: Transaction): void {
  const { address, kind, seq, machineVersion, status, event, by, from, to, operationId } = turn;
  const quarantined = tables.actors.get(address)?.quarantined ?? null;
  const snapshot = storable(turn.snapshot);
  const updatedAt = new Date(now);
  tx.set(tables.actors, address, { address, kind, seq, machineVersion, status, snapshot, quarantined, updatedAt });
  if (turn.consumes !== null) tx.delete(tables.messages, turn.consumes);
  tables.sequences.journal += 1;
  const effects = turn.effectsStarted.map(({ name }) => name);
  const id = String(tables.sequences.journal);
  const row = {
    id,
    address,
    seq,
    event,
    by,
    from,
    to,
    operationId,
    effects,
    at: updatedAt,
    durationMs: turn.computeMs,
  };
  const journal = tables.journal.get(address);
  if (journal === undefined) tx.set(tables.journal, address, [row]);
  else tx.push(journal, row);
}

function removePieces(tables: Tables, turn: TurnCommit, tx: Transaction): void {
  const timers = inner(tables.timers, turn.address);
  for (const id of turn.timersCancelled) tx.delete(timers, id);
  const effects = inner(tables.effects, turn.address);
  for (const id of turn.effectsEnded) tx.delete(effects, id);
  if (turn.unstashes === null || !tx.delete(tables.stash, turn.unstashes)) return;
  const operation = tables.operations.get(turn.unstashes);
  if (operation !== undefined) tx.set(tables.operations, operation.id, { ...operation, message: null });
}

function addPieces(tables: Tables, turn: TurnCommit, now: number, tx: Transaction): void {
  const { address, seq } = turn;
  const timers = inner(tables.timers, address);
  for (const { timerId, delayMs, event } of turn.timersSet) {
    const dueAt = Math.round(now + delayMs);
    tx.set(timers, timerId, { timerId, incarnation: seq, dueAt, event: toJsonb(event) });
  }
  const effects = inner(tables.effects, address);
  for (const { id, childId, name, input, deadlineMs } of turn.effectsStarted) {
    if (effects.has(id)) throw new ConstraintViolation(`effects_pkey ${id}`);
    const deadlineAt = deadlineMs === null ? null : Math.round(now + deadlineMs);
    tx.set(effects, id, { id, childId, name, input: toJsonb(input), deadlineAt });
  }
  for (const { id, receiver, event } of turn.messages) {
    tables.sequences.message += 1;
    if (tables.messages.has(id)) continue;
    const position = tables.sequences.message;
    tx.set(tables.messages, id, { id, sender: address, receiver, event: toJsonb(event), position, at: now });
  }
}

/** Begins and ends operations; answers the rows that did, an operation that did both as it is at the end. */
function changeOperations(tables: Tables, turn: TurnCommit, now: number, tx: Transaction) {
  const changed = new Map<string, OperationRow>();
  if (turn.operationBegun !== null) {
    changed.set(
      turn.operationBegun.id,
      begin(tables, begunOperation(turn.operationBegun, turn.address, null, now), tx),
    );
  }
  for (const { id, outcome, message, error } of turn.operationsEnded) {
    const running = tables.operations.get(id);
    if (running?.status !== 'running') continue;
    const progress = outcome === 'succeeded' ? 1 : running.progress;
    const stored = error === null ? null : JSON.parse(toJsonb(error));
    const ended = { ...running, status: outcome, message, error: stored, progress, finishedAt: new Date(now) };
    tx.set(tables.operations, id, ended);
    changed.set(id, ended);
  }
  return [...changed.values()].map(plainOperation);
}

/** Writes the row of an operation that begins. Throws when id or idempotency key are there already. */
export function begin(tables: Tables, row: OperationRow, tx: Transaction): OperationRow {
  if (!tables.accounts.has(row.accountId)) throw new ConstraintViolation(`operations_account_id_fkey ${row.accountId}`);
  if (tables.operations.has(row.id)) throw new ConstraintViolation(`operations_pkey ${row.id}`);
  tx.set(tables.operations, row.id, row);
  if (row.idempotencyKey !== null) {
    const key = keyOf(row.accountId, row.idempotencyKey);
    if (tables.operationKeys.has(key))
      throw new ConstraintViolation(`operations_account_id_idempotency_key_key ${key}`);
    tx.set(tables.operationKeys, key, row.id);
  }
  return row;
}

/** Appends to the event log. */
export function append(tables: Tables, event: PendingEvent, now: number, tx: Transaction): LiveEvent {
  tables.sequences.event += 1;
  const live = { ...event, seq: tables.sequences.event, at: new Date(now) };
  tx.push(tables.events, live);
  return live;
}

function removeActor(tables: Tables, address: Address, tx: Transaction): void {
  tx.delete(tables.actors, address);
  tx.delete(tables.timers, address);
  tx.delete(tables.effects, address);
  for (const row of tables.stash.values()) if (row.address === address) tx.delete(tables.stash, row.operationId);
}

/** The inner map of an address; an empty one more changes nothing that anybody reads. */
export function inner<V>(maps: Map<Address, Map<string, V>>, address: Address): Map<string, V> {
  const present = maps.get(address);
  if (present !== undefined) return present;
  const made = new Map<string, V>();
  maps.set(address, made);
  return made;
}
