/**
 * The contract of a commit store (`src/actors/store.ts`), with the ports and read models that are written beside it. It holds
 * for PostgreSQL and for the simulator's store in memory: what the simulator proves is worth as much as the two are alike.
 */
import { randomUUID } from 'node:crypto';
import type { ExecutionContext, TestFn } from 'ava';
import { shardOf } from '../../src/actors/address.ts';
import type { CommitResult, CommitStore, NewOperation, OwnedActor, TurnCommit } from '../../src/actors/store.ts';
import type { Address, PendingEvent } from '../../src/actors/types.ts';
import type { Reads } from '../../src/conductor/interfaces/reads.ts';
import type { PortStore } from '../../src/conductor/interfaces/stores.ts';
import { serverRow } from './rows.ts';
import { NOTHING_BESIDES } from './turns.ts';

export interface OpenStore {
  readonly store: CommitStore;
  readonly reads: Reads;
  readonly ports: PortStore;
  readonly accountId: string;
  readonly nodeId: string;
}

const OWNER = 'conformance';
const LONG_MS = 600_000;
const ERROR = { code: 'broken', message: 'It is broken.', retry: 'permanent' } as const;

/** @param open an empty store, of which every test gets its own */
export function storeConformance(test: TestFn<unknown>, open: () => Promise<OpenStore>): void {
  const on = (title: string, run: (t: ExecutionContext, hand: Hand) => Promise<void>) =>
    test(title, async (t) => run(t, handOf(await open())));

  on(
    'a turn makes the actor, the next one moves it, and the journal has both',
    async (t, { store, reads, claim, turn }) => {
      await claim();
      const address = anAddress();
      t.deepEqual(await store.commit([turn(address, 1)]), [{ ok: true, events: [], operations: [] }]);
      t.true((await one(store, turn(address, 2, { status: 'on', from: 'off', to: 'on', event: 'light' }))).ok);
      const [actor] = await store.load([address], 10);
      t.like(actor, { address, seq: 2, machineVersion: '1', snapshot: { seq: 2 }, quarantined: null });
      const { items } = await reads.journal(address, { limit: 10, sort: 'seq' });
      t.deepEqual(
        items.map(({ seq, event, from, to }) => ({ seq, event, from, to })),
        [
          { seq: 1, event: 'create', from: null, to: 'off' },
          { seq: 2, event: 'light', from: 'off', to: 'on' },
        ],
      );
    },
  );

  on('what is not there is missing among what is loaded', async (t, { store, claim, turn }) => {
    await claim();
    const address = anAddress();
    await one(store, turn(address, 1));
    t.deepEqual(
      (await store.load([anAddress(), address], 1)).map((actor) => actor.address),
      [address],
    );
  });

  on(
    'a turn that does not follow the stored one is fenced and leaves nothing',
    async (t, { store, reads, claim, turn }) => {
      await claim();
      const address = anAddress();
      await one(store, turn(address, 1));
      await one(store, turn(address, 2));
      for (const seq of [1, 2, 4]) {
        const stale = turn(address, seq, { messages: [messageTo(address, `stale ${seq}`)], events: [anEvent()] });
        t.deepEqual(await one(store, stale), { ok: false, reason: 'fenced' });
      }
      t.deepEqual(await one(store, turn(anAddress(), 2)), { ok: false, reason: 'fenced' });
      const [actor] = await store.load([address], 10);
      t.like(actor, { seq: 2, messages: [] });
      t.is((await reads.journal(address, { limit: 10 })).total, 2);
      t.is(await reads.lastEventSeq(), 0);
    },
  );

  on('a turn under an epoch that is over is fenced', async (t, { store, claim, turn }) => {
    const before = await claim();
    const address = anAddress();
    const late = turn(address, 1);
    const after = await claim();
    t.true(after.every((epoch, shard) => epoch > (before[shard] ?? 0)));
    t.deepEqual(await one(store, late), { ok: false, reason: 'fenced' });
    t.true((await one(store, turn(address, 1))).ok);
  });

  on('turns of one transaction are fenced each for itself', async (t, { store, claim, turn }) => {
    await claim();
    const [there, stale, fresh] = [anAddress(), anAddress(), anAddress()];
    await one(store, turn(there, 1));
    const results = await store.commit([
      turn(there, 2, { events: [anEvent('first')] }),
      turn(stale, 2, { events: [anEvent('never')] }),
      turn(fresh, 1, { events: [anEvent('second'), anEvent('third')] }),
    ]);
    t.deepEqual(
      results.map((result) => result.ok && result.events.map(({ type }) => type)),
      [['first'], false, ['second', 'third']],
    );
    const numbers = results.flatMap((result) => (result.ok ? result.events.map(({ seq }) => seq) : []));
    t.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
  });

  on('a stale turn whose pieces are there already is fenced, and those beside it are written', async (t, hand) => {
    const { store, claim, turn } = hand;
    await claim();
    const [there, fresh] = [anAddress(), anAddress()];
    const begun = hand.operation();
    const first = turn(there, 1, {
      effectsStarted: [{ id: `${there}:1:0`, childId: 'a', name: 'x', input: null, deadlineMs: null }],
      operationBegun: begun,
    });
    await one(store, first);
    const [again, beside] = await store.commit([first, turn(fresh, 1, { events: [anEvent('beside')] })]);
    t.deepEqual(again, { ok: false, reason: 'fenced' });
    t.like(beside, { ok: true, events: [{ type: 'beside' }] });
    const stored = await store.load([there, fresh], 10);
    t.deepEqual(
      stored.map(({ address, seq, effects }) => [address, seq, effects.length]).sort(),
      [
        [there, 1, 1],
        [fresh, 1, 0],
      ].sort(),
    );
    t.is((await store.operation(begun.id))?.status, 'running');
  });

  on('a message goes with the turn that handles it, once', async (t, { store, claim, turn }) => {
    await claim();
    const [sender, receiver] = [anAddress(), anAddress()];
    await store.commit([turn(sender, 1, { messages: [messageTo(receiver, 'm1')] }), turn(receiver, 1)]);
    t.true((await one(store, turn(receiver, 2, { consumes: 'm1' }))).ok);
    t.deepEqual(await one(store, turn(receiver, 3, { consumes: 'm1' })), { ok: false, reason: 'fenced' });
    t.like((await store.load([receiver], 10))[0], { seq: 2, messages: [] });
  });

  on(
    'messages are read oldest first, as many as were asked for, and one that is sent twice is there once',
    async (t, hand) => {
      const { store, claim, turn } = hand;
      await claim();
      const [sender, receiver] = [anAddress(), anAddress()];
      await one(store, turn(receiver, 1));
      await one(store, turn(sender, 1, { messages: ['b', 'a', 'c'].map((id) => messageTo(receiver, id)) }));
      await one(store, turn(sender, 2, { messages: ['a', 'd'].map((id) => messageTo(receiver, id)) }));
      const ids = async (limit: number) => (await store.load([receiver], limit))[0]?.messages.map(({ id }) => id);
      t.deepEqual(await ids(10), ['b', 'a', 'c', 'd']);
      t.deepEqual(await ids(2), ['b', 'a']);
      t.like((await store.load([receiver], 1))[0]?.messages[0], {
        sender,
        receiver,
        event: { type: 'press', id: 'b' },
      });
    },
  );

  on('when one turn cannot be written, none of its transaction is', async (t, { store, claim, turn, operation }) => {
    await claim();
    const [first, good, bad] = [anAddress(), anAddress(), anAddress()];
    await one(store, turn(first, 1, { operationBegun: operation({ idempotencyKey: 'k' }) }));
    const batch = [
      turn(good, 1, { messages: [messageTo(first, 'from good')], timersSet: [timer('t', LONG_MS)] }),
      turn(bad, 1, { operationBegun: operation({ idempotencyKey: 'k' }) }),
    ];
    await t.throwsAsync(store.commit(batch));
    t.deepEqual(
      (await store.load([first, good, bad], 10)).map(({ address, messages }) => [address, messages.length]),
      [[first, 0]],
    );
    t.is((await store.dueTimers(10)).nextInMs, null);
    t.true((await one(store, turn(good, 1))).ok);
  });

  on('a read model that nobody knows cannot be written', async (t, { store, claim, turn }) => {
    await claim();
    const address = anAddress();
    await t.throwsAsync(one(store, turn(address, 1, { projections: [{ name: 'nothing', row: {} }] })));
    t.deepEqual(await store.load([address], 1), []);
  });

  on(
    'timers are due by the store’s clock, oldest first, and are there until their turn is written',
    async (t, hand) => {
      const { store, claim, turn } = hand;
      await claim();
      const address = anAddress();
      const timersSet = [timer('late', LONG_MS), timer('second', -1_000), timer('first', -2_000)];
      await one(store, turn(address, 1, { timersSet }));
      const { due, nextInMs } = await store.dueTimers(10);
      t.deepEqual(
        due.map(({ timerId, incarnation }) => [timerId, incarnation]),
        [
          ['first', 1],
          ['second', 1],
        ],
      );
      t.true(due.every(({ dueInMs }) => dueInMs <= 0));
      t.true(nextInMs !== null && nextInMs > LONG_MS - 10_000 && nextInMs <= LONG_MS);
      t.deepEqual(
        (await store.dueTimers(1)).due.map(({ timerId }) => timerId),
        ['first'],
      );
      await one(store, turn(address, 2, { timersCancelled: ['first', 'never'] }));
      t.deepEqual(
        (await store.dueTimers(10)).due.map(({ timerId }) => timerId),
        ['second'],
      );
    },
  );

  on('a timer that is set again is another timer', async (t, { store, claim, turn }) => {
    await claim();
    const address = anAddress();
    await one(store, turn(address, 1, { timersSet: [timer('t', -1_000)] }));
    await one(store, turn(address, 2, { timersSet: [timer('t', LONG_MS)] }));
    t.deepEqual((await store.dueTimers(10)).due, []);
    const [actor] = await store.load([address], 1);
    t.like(actor?.timers[0], { address, timerId: 't', incarnation: 2, event: { type: 'after t' } });
    t.is(actor?.timers.length, 1);
  });

  on(
    'effects are there from the turn that starts them to the one that ends them',
    async (t, { store, claim, turn }) => {
      await claim();
      const address = anAddress();
      const effectsStarted = [
        { id: `${address}:1:0`, childId: 'a', name: 'ignite', input: { n: 1 }, deadlineMs: LONG_MS },
        { id: `${address}:1:1`, childId: 'b', name: 'watch', input: null, deadlineMs: null },
      ];
      await one(store, turn(address, 1, { effectsStarted }));
      const effects = async () =>
        (await store.load([address], 1))[0]?.effects.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      const [first, second] = (await effects()) ?? [];
      t.like(first, { id: `${address}:1:0`, childId: 'a', name: 'ignite', input: { n: 1 } });
      t.true((first?.deadlineInMs ?? 0) > LONG_MS - 10_000);
      t.like(second, { childId: 'b', input: null, deadlineInMs: null });
      t.deepEqual(await store.actorsWithWork(), [{ address, seq: 1, messages: false }]);
      await one(store, turn(address, 2, { effectsEnded: [`${address}:1:0`, `${address}:1:1`] }));
      t.deepEqual(await effects(), []);
      t.deepEqual(await store.actorsWithWork(), []);
    },
  );

  on(
    'an operation begins, shows how far it is, and ends once',
    async (t, { store, claim, turn, operation, accountId }) => {
      await claim();
      const address = anAddress();
      const begun = operation({ idempotencyKey: 'key', fingerprint: 'print' });
      const result = await one(store, turn(address, 1, { operationBegun: begun }));
      t.like(result.ok && result.operations[0], { id: begun.id, status: 'running', target: address, accountId });
      t.like(await store.progress(begun.id, 0.5, 'half', anEvent('half')), { type: 'half' });
      t.like(await store.progress(begun.id, null, 'on', anEvent('on')), { type: 'on' });
      t.like(await store.operation(begun.id), { progress: 0.5, message: 'on', finishedAt: null });
      const end = { id: begun.id, outcome: 'failed', message: 'No.', error: ERROR } as const;
      const ended = await one(store, turn(address, 2, { operationsEnded: [end] }));
      t.like(ended.ok && ended.operations[0], { id: begun.id, status: 'failed', error: ERROR, progress: 0.5 });
      t.is(await store.progress(begun.id, 1, 'more', anEvent('never')), null);
      const again = await one(store, turn(address, 3, { operationsEnded: [{ ...end, outcome: 'succeeded' }] }));
      t.deepEqual(again.ok && again.operations, []);
      const known = await store.operationByKey(accountId, 'key');
      t.like(known, { fingerprint: 'print', operation: { id: begun.id, status: 'failed', message: 'No.' } });
      t.true(known?.operation.finishedAt instanceof Date);
      t.is(await store.operationByKey(accountId, 'other'), null);
      t.is(await store.operation(randomUUID()), null);
    },
  );

  on(
    'an operation that begins and ends in one turn is told once, as it ended',
    async (t, { store, claim, turn, operation }) => {
      await claim();
      const operationBegun = operation();
      const operationsEnded = [{ id: operationBegun.id, outcome: 'succeeded', message: null, error: null } as const];
      const result = await one(store, turn(anAddress(), 1, { operationBegun, operationsEnded }));
      t.deepEqual(result.ok && result.operations.map(({ status, progress }) => [status, progress]), [['succeeded', 1]]);
    },
  );

  on('stashed commands wait in order, each with its operation, until a turn takes them', async (t, hand) => {
    const { store, claim, turn, operation, owned } = hand;
    await claim();
    const address = anAddress();
    await one(store, turn(address, 1));
    const [first, second] = [operation({ idempotencyKey: 's' }), operation()];
    t.like(await store.stash(owned(address), first, { type: 'light', n: 1 }), { id: first.id, status: 'running' });
    await store.stash(owned(address), second, { type: 'light', n: 2 });
    await t.throwsAsync(store.stash(owned(address), operation({ idempotencyKey: 's' }), { type: 'light' }));
    t.like((await store.load([address], 1))[0]?.stash, [
      { operationId: first.id, event: { type: 'light', n: 1 } },
      { operationId: second.id, event: { type: 'light', n: 2 } },
    ]);
    t.truthy((await store.operation(first.id))?.message);
    t.deepEqual(await store.actorsWithWork(), [{ address, seq: 1, messages: false }]);
    await one(store, turn(address, 2, { unstashes: first.id }));
    t.is((await store.operation(first.id))?.message, null);
    t.deepEqual(
      (await store.load([address], 1))[0]?.stash.map(({ operationId }) => operationId),
      [second.id],
    );
    const cancel = operation();
    const taken = await one(
      store,
      turn(address, 3, {
        unstashes: second.id,
        operationBegun: cancel,
        operationsEnded: [
          { id: second.id, outcome: 'cancelled', message: 'Cancelled.', error: null },
          { id: cancel.id, outcome: 'succeeded', message: null, error: null },
        ],
      }),
    );
    t.like(taken, { ok: true, operations: [{ status: 'succeeded' }, { status: 'cancelled' }] }, 'or are taken back');
    t.like(await store.operation(second.id), { status: 'cancelled', message: 'Cancelled.' });
    t.deepEqual((await store.load([address], 1))[0]?.stash, []);
  });

  on(
    'a command of a process that has lost its shards is not stashed, and its operation is not there',
    async (t, hand) => {
      const { store, claim, turn, operation, owned } = hand;
      await claim();
      const address = anAddress();
      await one(store, turn(address, 1));
      const before = owned(address);
      const late = operation({ idempotencyKey: 'late' });
      await claim();
      t.is(await store.stash(before, late, { type: 'light' }), null);
      t.deepEqual((await store.load([address], 1))[0]?.stash, []);
      t.is(await store.operation(late.id), null);
      t.like(await store.stash(owned(address), late, { type: 'light' }), { id: late.id, status: 'running' });
    },
  );

  on('an actor that has ended takes all that is stored of it along, but for journal and messages', async (t, hand) => {
    const { store, reads, claim, turn, operation, owned } = hand;
    await claim();
    const [address, other] = [anAddress(), anAddress()];
    const effectsStarted = [{ id: `${address}:1:0`, childId: 'a', name: 'x', input: null, deadlineMs: null }];
    await one(store, turn(address, 1, { effectsStarted, timersSet: [timer('t', -1_000)] }));
    await store.stash(owned(address), operation(), { type: 'light' });
    await one(store, turn(other, 1, { messages: [messageTo(address, 'm')] }));
    await one(store, turn(address, 2, { ended: true, to: 'smashed', events: [anEvent('gone')] }));
    t.deepEqual(await store.load([address], 1), []);
    t.deepEqual((await store.dueTimers(10)).due, []);
    t.deepEqual(await store.actorsWithWork(), []);
    t.is((await reads.journal(address, { limit: 5 })).total, 2);
    t.is(await store.deadLetterOrphans(LONG_MS, ERROR, []), 0);
    t.is(await store.deadLetterOrphans(-1_000, ERROR, []), 1);
    t.like((await reads.deadLetters({ limit: 5 })).items[0], { address, error: ERROR, attempts: 0 });
    await one(store, turn(address, 1));
    t.like((await store.load([address], 1))[0], { messages: [], timers: [], effects: [], stash: [] });
  });

  on(
    'what is moot to an actor that has ended is dropped; to one that never was it is a dead letter',
    async (t, hand) => {
      const { store, reads, claim, turn } = hand;
      await claim();
      const [ended, never, other, alive] = [anAddress(), anAddress(), anAddress(), anAddress()];
      await one(store, turn(ended, 1));
      await one(store, turn(ended, 2, { ended: true }));
      await one(store, turn(alive, 1));
      const to = (receiver: Address, type: string) => ({ id: `${receiver} ${type}`, receiver, event: { type } });
      const messages = [to(ended, 'news'), to(ended, 'order'), to(never, 'news'), to(alive, 'news')];
      await one(store, turn(other, 1, { messages }));
      const kind = ended.slice(0, ended.indexOf('/'));
      t.is(
        await store.deadLetterOrphans(-1_000, ERROR, [
          { kind: `${kind}s`, type: 'news' },
          { kind, type: 'news' },
        ]),
        2,
      );
      const letters = (await reads.deadLetters({ limit: 5 })).items.map(
        ({ address, event }) => `${address} ${event.type}`,
      );
      t.deepEqual(letters.sort(), [`${ended} order`, `${never} news`].sort());
      t.deepEqual((await store.load([alive], 5))[0]?.messages.length, 1);
      t.is(await store.deadLetterOrphans(-1_000, ERROR, []), 0);
    },
  );

  on('a dead letter takes its source away, and no other', async (t, { store, reads, claim, turn }) => {
    await claim();
    const address = anAddress();
    const effectsStarted = [{ id: `${address}:1:0`, childId: 'a', name: 'x', input: null, deadlineMs: null }];
    const timersSet = [timer('t', -1_000)];
    await one(store, turn(address, 1, { effectsStarted, timersSet, messages: [messageTo(address, 'm')] }));
    const letter = { id: randomUUID(), address, event: { type: 'press' }, error: ERROR, attempts: 3 };
    const put = (source: Parameters<CommitStore['deadLetter']>[0]['source']) =>
      store.deadLetter({ ...letter, id: randomUUID(), source });
    await put({ type: 'timer', timerId: 't', incarnation: 2 });
    t.is((await store.dueTimers(10)).due.length, 1, 'another incarnation is another timer');
    await put({ type: 'timer', timerId: 't', incarnation: 1 });
    await put({ type: 'message', id: 'm' });
    await put({ type: 'effect', id: `${address}:1:0` });
    t.like((await store.load([address], 1))[0], { messages: [], timers: [], effects: [] });
    t.is((await reads.deadLetters({ limit: 5 })).total, 4);
  });

  on('a quarantined actor keeps what it has, and nothing of it is work until it is resumed', async (t, hand) => {
    const { store, reads, claim, turn } = hand;
    await claim();
    const address = anAddress();
    await one(store, turn(address, 1, { timersSet: [timer('t', -1_000)], messages: [messageTo(address, 'm')] }));
    const event = await store.quarantine(address, ERROR, anEvent('actor.quarantined'));
    t.is(event.seq, await reads.lastEventSeq());
    t.like((await store.load([address], 1))[0], { quarantined: ERROR });
    t.deepEqual((await store.dueTimers(10)).due, []);
    t.deepEqual(await store.actorsWithWork(), []);
    await store.quarantine(address, null, anEvent('actor.resumed'));
    t.is((await store.dueTimers(10)).due.length, 1);
    t.deepEqual(await store.actorsWithWork(), [{ address, seq: 1, messages: true }]);
    t.is((await store.load([address], 1))[0]?.quarantined, null);
  });

  on('shards belong to one owner until he gives them back', async (t, { store, turn, claim }) => {
    const epochs = await claim();
    const code = async (work: Promise<unknown>) => (await t.throwsAsync<Error & { code?: string }>(work))?.code;
    t.is(await code(store.claimShards('another', LONG_MS)), 'database_in_use');
    t.true(await store.renewShards(OWNER, epochs, LONG_MS));
    t.false(await store.renewShards('another', epochs, LONG_MS));
    const again = await claim();
    t.false(await store.renewShards(OWNER, epochs, LONG_MS), 'of the same owner, too, only the last one holds them');
    await store.releaseShards(OWNER, epochs);
    t.is(await code(store.claimShards('another', LONG_MS)), 'database_in_use', 'what was lost cannot be given back');
    await store.releaseShards(OWNER, again);
    t.true((await store.claimShards('another', 1)).every((epoch, shard) => epoch > (again[shard] ?? 0)));
    t.deepEqual(await one(store, turn(anAddress(), 1)), { ok: false, reason: 'fenced' });
  });

  on('a lease that has run out is free for anybody', async (t, { store }) => {
    await store.claimShards(OWNER, -1);
    t.is((await store.claimShards('another', LONG_MS)).length, 64);
  });

  on(
    'a server’s row is what its turn says, and goes when it says so',
    async (t, { store, reads, claim, turn, accountId, nodeId }) => {
      await claim();
      const row = serverRow(accountId, { nodeId, startedAt: Date.UTC(2026, 1, 2, 3, 4, 5, 678), exit: null });
      const address: Address = `server/${row.id}`;
      const projected = (value: typeof row | null) => ({ projections: [{ name: 'server', row: value }] });
      await one(store, turn(address, 1, projected(row)));
      const read = await reads.server(row.id);
      t.like(read, {
        ownerId: accountId,
        nodeId,
        ports: row.ports,
        env: row.env,
        version: 1,
        cpu: 1.5,
        stoppedAt: null,
      });
      t.deepEqual(read?.startedAt, new Date(Date.UTC(2026, 1, 2, 3, 4, 5, 678)));
      await one(store, turn(address, 2, projected({ ...row, deletedAt: Date.UTC(2026, 1, 3) })));
      t.is(await reads.server(row.id), null);
      t.like(await reads.server(row.id, { includeDeleted: true }), { version: 2 });
      t.is((await reads.servers({ nodeId }, { limit: 5 })).total, 0);
      t.is((await reads.servers({ nodeId, includeDeleted: true }, { limit: 5 })).total, 1);
      await one(store, turn(address, 3, projected(null)));
      t.is(await reads.server(row.id, { includeDeleted: true }), null);
    },
  );

  on('a node’s room is what its turns changed of it', async (t, { store, reads, claim, turn, nodeId }) => {
    await claim();
    const address: Address = `node/${nodeId}`;
    const room = (serverId: string, epoch = 1) => ({
      serverId,
      epoch,
      ramMb: 1024,
      cpuMilli: 500,
      diskMb: 0,
      ports: 1,
    });
    const changed = (reserved: object[], released: string[] = []) => ({
      projections: [{ name: 'node_reservations', row: { nodeId, reserved, released } }],
    });
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    await one(store, turn(address, 1, changed([room(a), room(b)])));
    await one(store, turn(address, 2, changed([room(b, 2), room(c)], [a])));
    const byServer = new Map((await reads.reservations(nodeId)).map((row) => [row.serverId, row]));
    t.deepEqual([...byServer.keys()].sort(), [b, c].sort());
    t.like(byServer.get(b), { nodeId, epoch: 2, ramMb: 1024, cpu: 0.5 });
    t.is((await reads.node(nodeId))?.version, 2, 'turns count, also those that change nothing in the row');
  });

  on('lists are paged in order', async (t, { store, reads, claim, turn, accountId }) => {
    await claim();
    const rows = ['a', 'b', 'c', 'd', 'e'].map((name) => serverRow(accountId, { name }));
    await store.commit(rows.map((row) => turn(`server/${row.id}`, 1, { projections: [{ name: 'server', row }] })));
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await reads.servers({ ownerId: accountId }, { limit: 2, sort: '-name', cursor });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    t.deepEqual(names, ['e', 'd', 'c', 'b', 'a']);
  });

  on(
    'events are read from a number on, in order, also for one owner',
    async (t, { store, reads, claim, turn, accountId }) => {
      await claim();
      const events = ['a', 'b', 'c'].map((type) => ({ ...anEvent(type), ownerId: type === 'b' ? null : accountId }));
      await one(store, turn(anAddress(), 1, { events }));
      const [first] = await reads.events(0, 1);
      t.like(first, { type: 'a', subject: { kind: 'lamp', id: 'x' }, data: { some: 'thing' } });
      t.deepEqual(
        (await reads.events(first?.seq ?? 0, 10)).map(({ type }) => type),
        ['b', 'c'],
      );
      t.deepEqual(
        (await reads.events(0, 10, accountId)).map(({ type }) => type),
        ['a', 'c'],
      );
    },
  );

  on('characters that a database refuses do not keep a state from being stored', async (t, { store, claim, turn }) => {
    await claim();
    const address = anAddress();
    await one(store, turn(address, 1, { snapshot: JSON.stringify({ note: 'a\0b \ud83d \\u0000' }) }));
    t.deepEqual((await store.load([address], 1))[0]?.snapshot, { note: 'a\uFFFDb \uFFFD \\u0000' });
  });

  on(
    'ports stay with their server until they are released, and nobody else gets them',
    async (t, { ports, nodeId, makeServer }) => {
      const request = (serverId: string, taken: readonly string[] = []) => ({
        nodeId,
        serverId,
        atHome: true,
        wanted: [
          { name: 'game', protocol: 'tcp', container: 25565, same: false },
          { name: 'query', protocol: 'udp', container: 25565, same: false },
        ] as const,
        range: { from: 30_000, to: 30_003 },
        taken: async () => new Set(taken),
      });
      const [a, b, c, d] = [await makeServer(), await makeServer(), await makeServer(), await makeServer()];
      const [mine, his] = await Promise.all([ports.reservePorts(request(a)), ports.reservePorts(request(b))]);
      t.deepEqual([mine, his].map((own) => own.map(({ host }) => host)).sort(), [
        [30_000, 30_000],
        [30_001, 30_001],
      ]);
      t.deepEqual(await ports.reservePorts(request(a)), mine);
      const third = await ports.reservePorts(request(c, ['tcp/30002']));
      t.deepEqual(
        third.map(({ name, host }) => [name, host]),
        [
          ['game', 30_003],
          ['query', 30_003],
        ],
      );
      await t.throwsAsync(ports.reservePorts(request(d, ['tcp/30002'])), { code: 'no_ports' } as object);
      await ports.releasePorts(a);
      t.deepEqual(await ports.portsOf(a), []);
      t.deepEqual(await ports.reservePorts(request(d)), mine);
    },
  );

  on('a purged server has no ports, and gets none', async (t, { ports, nodeId, store, turn, makeServer }) => {
    const id = await makeServer();
    const wanted = [{ name: 'game', protocol: 'tcp', container: 25565, same: false }] as const;
    const request = {
      nodeId,
      serverId: id,
      atHome: true,
      wanted,
      range: { from: 30_000, to: 30_003 },
      taken: async () => new Set<string>(),
    };
    t.is((await ports.reservePorts(request)).length, 1);
    let asked = (): void => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const late = {
      ...request,
      wanted: [...wanted, { name: 'rcon', protocol: 'tcp', container: 25575, same: false } as const],
    };
    const gone = Promise.withResolvers<void>();
    const reserving = ports.reservePorts({
      ...late,
      async taken() {
        asked();
        await gone.promise;
        return new Set<string>();
      },
    });
    await isAsked;
    await one(store, turn(`server/${id}`, 2, { ended: true, projections: [{ name: 'server', row: null }] }));
    gone.resolve();
    await t.throwsAsync(reserving, { code: 'server_gone' } as object);
    t.deepEqual(await ports.portsOf(id), []);
    await t.throwsAsync(ports.reservePorts(request), { code: 'server_gone' } as object);
  });

  on('who has given up waiting for the host takes no ports afterwards', async (t, { ports, nodeId, makeServer }) => {
    const serverId = await makeServer();
    const over = new AbortController();
    const reserving = ports.reservePorts({
      nodeId,
      serverId,
      atHome: true,
      wanted: [{ name: 'game', protocol: 'tcp', container: 25565, same: false }],
      range: { from: 30_000, to: 30_003 },
      signal: over.signal,
      async taken() {
        over.abort(new Error('it took too long'));
        return new Set();
      },
    });
    await t.throwsAsync(reserving, { message: 'it took too long' } as object);
    t.deepEqual(await ports.portsOf(serverId), []);
  });
}

const anAddress = (): Address => `lamp/${randomUUID()}`;
const anEvent = (type = 'lamp.changed'): PendingEvent => ({
  type,
  subject: { kind: 'lamp', id: 'x' },
  ownerId: null,
  data: { some: 'thing' },
});
const messageTo = (receiver: Address, id: string) => ({ id, receiver, event: { type: 'press', id } });
const timer = (timerId: string, delayMs: number) => ({ timerId, delayMs, event: { type: `after ${timerId}` } });

async function one(store: CommitStore, turn: TurnCommit): Promise<CommitResult> {
  const [result] = await store.commit([turn]);
  if (result === undefined) throw new Error('there was no result');
  return result;
}

type Hand = ReturnType<typeof handOf>;

/** A store with what makes turns for it. */
function handOf(opened: OpenStore) {
  let epochs: readonly number[] = [];
  const hand = {
    ...opened,
    async claim(): Promise<readonly number[]> {
      epochs = await opened.store.claimShards(OWNER, LONG_MS);
      return epochs;
    },
    /** A server that was just created, by its id. */
    async makeServer(): Promise<string> {
      if (epochs.length === 0) await hand.claim();
      const row = serverRow(opened.accountId, { nodeId: opened.nodeId });
      await one(opened.store, hand.turn(`server/${row.id}`, 1, { projections: [{ name: 'server', row }] }));
      return row.id;
    },
    owned: (address: Address): OwnedActor => {
      const shard = shardOf(address);
      return { address, shard, epoch: epochs[shard] ?? 0 };
    },
    operation: (changes: Partial<NewOperation> = {}): NewOperation => ({
      id: randomUUID(),
      command: 'light',
      accountId: opened.accountId,
      idempotencyKey: null,
      fingerprint: null,
      ...changes,
    }),
    turn: (address: Address, seq: number, changes: Partial<TurnCommit> = {}): TurnCommit => ({
      address,
      kind: address.split('/')[0] ?? '',
      shard: shardOf(address),
      epoch: epochs[shardOf(address)] ?? 0,
      seq,
      machineVersion: '1',
      status: 'off',
      ended: false,
      snapshot: JSON.stringify({ seq }),
      event: 'create',
      by: null,
      from: null,
      to: 'off',
      operationId: null,
      computeMs: 0.5,
      ...NOTHING_BESIDES,
      ...changes,
    }),
  };
  return hand;
}
