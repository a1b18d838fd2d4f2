/**
 * The commit store in memory. It keeps the contract of `actors/store.ts` as PostgreSQL keeps it: one suite holds for both
 * (`test/persistence/store-conformance.ts`).
 */
import type { CommitStore, StoredActor, StoredTimer } from '../../actors/store.ts';
import type { Address } from '../../actors/types.ts';
import { toJsonb } from '../../persistence/json.ts';
import { append, begin, inner, writeTurns } from './commit.ts';
import { shardLease } from './shards.ts';
import {
  begunOperation,
  eventOf,
  keyOf,
  type MessageRow,
  plainOperation,
  type Tables,
  type TimerRow,
} from './tables.ts';
import { atomically } from './transaction.ts';

/** @param now Unix milliseconds by the database's clock */
export function createMemoryStore(tables: Tables, now: () => number, newId: () => string): CommitStore {
  const timerOf = (address: Address, { timerId, incarnation, dueAt, event }: TimerRow): StoredTimer => ({
    address,
    timerId,
    incarnation,
    event: eventOf(event),
    dueInMs: dueAt - now(),
  });

  function actorOf(address: Address, messages: number): StoredActor | undefined {
    const row = tables.actors.get(address);
    if (row === undefined) return undefined;
    const { seq, machineVersion, snapshot, quarantined } = row;
    return {
      address,
      seq,
      machineVersion,
      snapshot: JSON.parse(snapshot),
      quarantined,
      timers: [...inner(tables.timers, address).values()].map((timer) => timerOf(address, timer)),
      effects: [...inner(tables.effects, address).values()].map(({ id, childId, name, input, deadlineAt }) => ({
        id,
        childId,
        name,
        input: JSON.parse(input),
        deadlineInMs: deadlineAt === null ? null : deadlineAt - now(),
      })),
      messages: [...tables.messages.values()]
        .filter(({ receiver }) => receiver === address)
        .sort((a, b) => a.position - b.position)
        .slice(0, messages)
        .map(({ id, sender, receiver, event }) => ({ id, sender, receiver, event: eventOf(event) })),
      stash: [...tables.stash.values()]
        .filter((stashed) => stashed.address === address)
        .sort((a, b) => a.position - b.position)
        .map(({ operationId, event }) => ({ operationId, event: eventOf(event) })),
    };
  }

  /** Those of quarantined actors stay where they are. */
  function allTimers(): { readonly address: Address; readonly timer: TimerRow; readonly quarantined: boolean }[] {
    return [...tables.timers].flatMap(([address, own]) => {
      const actor = tables.actors.get(address);
      if (actor === undefined) return [];
      const quarantined = actor.quarantined !== null;
      return [...own.values()].map((timer) => ({ address, timer, quarantined }));
    });
  }

  return {
    commit: async (turns) => atomically((tx) => writeTurns(tables, turns, now(), tx)),
    load: async (addresses, messages) => addresses.flatMap((address) => actorOf(address, messages) ?? []),
    async dueTimers(limit) {
      const at = now();
      const inOrder = allTimers().sort((a, b) => a.timer.dueAt - b.timer.dueAt);
      const due = inOrder.filter(({ timer, quarantined }) => timer.dueAt <= at && !quarantined).slice(0, limit);
      const next = inOrder.find(({ timer }) => timer.dueAt > at);
      return {
        due: due.map(({ address, timer }) => timerOf(address, timer)),
        nextInMs: next === undefined ? null : next.timer.dueAt - at,
      };
    },
    async actorsWithWork() {
      const receivers = new Set([...tables.messages.values()].map(({ receiver }) => receiver));
      const stashed = new Set([...tables.stash.values()].map(({ address }) => address));
      return [...tables.actors.values()]
        .filter(({ quarantined }) => quarantined === null)
        .filter(({ address }) => {
          return receivers.has(address) || stashed.has(address) || inner(tables.effects, address).size > 0;
        })
        .map(({ address, seq }) => ({ address, seq, messages: receivers.has(address) }))
        .sort((a, b) => (a.address < b.address ? -1 : 1));
    },
    async deadLetterOrphans(afterMs, error, moot) {
      const isMoot = ({ receiver, event }: MessageRow): boolean =>
        tables.journal.has(receiver) &&
        moot.some(({ kind, type }) => receiver.startsWith(`${kind}/`) && eventOf(event).type === type);
      const at = new Date(now());
      const orphans = [...tables.messages.values()].filter(
        (message) => message.at < now() - afterMs && !tables.actors.has(message.receiver),
      );
      return atomically((tx) => {
        for (const { id } of orphans) tx.delete(tables.messages, id);
        const letters = orphans.filter((message) => !isMoot(message));
        for (const { receiver: address, event } of letters) {
          const letter = { id: newId(), address, event: eventOf(event), error, attempts: 0, at };
          tx.set(tables.deadLetters, letter.id, letter);
        }
        return letters.length;
      });
    },
    async operation(id) {
      const row = tables.operations.get(id);
      return row === undefined ? null : plainOperation(row);
    },
    async operationByKey(accountId, key) {
      const row = tables.operations.get(tables.operationKeys.get(keyOf(accountId, key)) ?? '');
      return row === undefined ? null : { operation: plainOperation(row), fingerprint: row.fingerprint };
    },
    stash: async ({ address, shard, epoch }, operation, event) =>
      atomically((tx) => {
        if (tables.shards.get(shard)?.epoch !== epoch) return null;
        const waiting = 'Waiting for the running operation to end.';
        const row = begin(tables, begunOperation(operation, address, waiting, now()), tx);
        tables.sequences.stash += 1;
        const position = tables.sequences.stash;
        tx.set(tables.stash, row.id, { operationId: row.id, position, address, event: toJsonb(event) });
        return plainOperation(row);
      }),
    progress: async (operationId, progress, message, event) =>
      atomically((tx) => {
        const row = tables.operations.get(operationId);
        if (row?.status !== 'running') return null;
        const text = message.replaceAll('\0', '\uFFFD');
        tx.set(tables.operations, row.id, { ...row, progress: progress ?? row.progress, message: text });
        return append(tables, event, now(), tx);
      }),
    deadLetter: async ({ id, address, event, error, attempts, source }) =>
      atomically((tx) => {
        const at = new Date(now());
        tx.set(tables.deadLetters, id, { id, address, event: eventOf(toJsonb(event)), error, attempts, at });
        if (source.type === 'message') tx.delete(tables.messages, source.id);
        if (source.type === 'effect') tx.delete(inner(tables.effects, address), source.id);
        if (source.type !== 'timer') return;
        const timers = inner(tables.timers, address);
        if (timers.get(source.timerId)?.incarnation === source.incarnation) tx.delete(timers, source.timerId);
      }),
    quarantine: async (address, error, event) =>
      atomically((tx) => {
        const row = tables.actors.get(address);
        if (row !== undefined) tx.set(tables.actors, address, { ...row, quarantined: error });
        return append(tables, event, now(), tx);
      }),
    ...shardLease(tables, now),
  };
}
