/** Defects of the runtime and its store. */
import type { TurnCommit } from '../../actors/store.ts';
import { begunOperation, eventOf, type MessageRow, type OperationRow, plainOperation } from '../store/tables.ts';
import type { Defect } from './seams.ts';

/** An operation that the store is not waited for. */
function believed({ operationBegun, address }: TurnCommit): OperationRow[] {
  return operationBegun === null ? [] : [begunOperation(operationBegun, address, null, 0)];
}

const withoutKey = (turn: TurnCommit): TurnCommit =>
  turn.operationBegun === null
    ? turn
    : { ...turn, operationBegun: { ...turn.operationBegun, idempotencyKey: null, fingerprint: null } };

export const RUNTIME_DEFECTS: readonly Defect[] = [
  {
    name: 'timers-lost-on-restart',
    what: '`after` timers that a process before has set are not looked for.',
    seams: {
      client(client) {
        const own = new Set<string>();
        const { store } = client;
        return {
          ...client,
          store: {
            ...store,
            commit(turns) {
              for (const { address, timersSet } of turns)
                for (const { timerId } of timersSet) own.add(`${address} ${timerId}`);
              return store.commit(turns);
            },
            async dueTimers(limit) {
              const { due, nextInMs } = await store.dueTimers(limit);
              return { due: due.filter(({ address, timerId }) => own.has(`${address} ${timerId}`)), nextInMs };
            },
          },
        };
      },
    },
  },
  {
    name: 'unprotected-redelivery',
    what: 'A durable message that was taken is delivered again when its actor is loaded, and taken again.',
    seams: {
      store(store, { messages }) {
        const taken = new Map<string, MessageRow>();
        return {
          ...store,
          commit(turns) {
            for (const { consumes } of turns) {
              if (consumes === null) continue;
              const row = messages.get(consumes) ?? taken.get(consumes);
              if (row === undefined) continue;
              taken.set(consumes, row);
              messages.set(consumes, row);
            }
            return store.commit(turns);
          },
          async load(addresses, limit) {
            const actors = await store.load(addresses, limit);
            return actors.map((actor) => {
              const again = [...taken.values()].filter(({ receiver }) => receiver === actor.address).slice(-1);
              const old = again.map(({ id, sender, receiver, event }) => ({
                id,
                sender,
                receiver,
                event: eventOf(event),
              }));
              return { ...actor, messages: [...old, ...actor.messages] };
            });
          },
        };
      },
    },
  },
  {
    name: 'shard-epoch-not-checked',
    what: 'A commit does not look whether its process still owns the shard.',
    seams: {
      store: (store, { shards }) => ({
        ...store,
        commit: (turns) => store.commit(turns.map((turn) => ({ ...turn, epoch: shards.get(turn.shard)?.epoch ?? 0 }))),
      }),
    },
  },
  {
    name: 'acknowledged-before-commit',
    what: 'A command is answered while its commit is under way.',
    seams: {
      client: (client) => ({
        ...client,
        store: {
          ...client.store,
          async commit(turns) {
            void client.store.commit(turns).catch(() => undefined);
            return turns.map((turn) => ({ ok: true, events: [], operations: believed(turn).map(plainOperation) }));
          },
        },
      }),
    },
  },
  {
    name: 'idempotency-key-forgotten',
    what: 'A command that is repeated under its key is taken again.',
    seams: {
      client: (client) => ({
        ...client,
        store: {
          ...client.store,
          operationByKey: async () => null,
          commit: (turns) => client.store.commit(turns.map(withoutKey)),
        },
      }),
    },
  },
  {
    name: 'effects-lost-on-restart',
    what: 'Effects that a process before has begun are not run again.',
    seams: {
      client: (client) => ({ ...client, store: { ...client.store, actorsWithWork: async () => [] } }),
    },
  },
  {
    name: 'turn-not-journaled',
    what: 'What was observed changes a server without a line in the journal.',
    seams: {
      store: (store, { journal }) => ({
        ...store,
        async commit(turns) {
          const results = await store.commit(turns);
          for (const { address } of turns) {
            const rows = journal.get(address);
            if (rows?.at(-1)?.event === 'observed') rows.pop();
          }
          return results;
        },
      }),
    },
  },
  {
    name: 'ports-not-compared',
    what: 'A port is given without looking who has it.',
    seams: {
      client: (client) => ({
        ...client,
        repositories: {
          ...client.repositories,
          saveKey: client.repositories.saveKey,
          upsertNode: client.repositories.upsertNode,
          nodes: client.repositories.nodes,
          keyOf: client.repositories.keyOf,
          dropKey: client.repositories.dropKey,
          portsOf: client.repositories.portsOf,
          releasePorts: client.repositories.releasePorts,
          reservePorts: async ({ wanted, range }) =>
            wanted.map(({ name, protocol, container }) => ({ name, protocol, container, host: range.from })),
        },
      }),
    },
  },
];
