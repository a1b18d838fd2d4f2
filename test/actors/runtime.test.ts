import test from 'ava';
import type { StoredTimer } from '../../src/actors/store.ts';
import { BatonError, catalogue } from '../../src/errors.ts';
import { eventually } from '../eventually.ts';
import { withDatabase } from '../persistence/database.ts';
import { lampKind, plainLamp, pressesOf, slowLamp } from './lamp.ts';
import { codeOf, newLamp, startWorld } from './world.ts';

const db = withDatabase(test);
const errors = catalogue({
  damp: { status: 500, retry: 'transient', message: 'The wick is damp.' },
  broken: { status: 500, retry: 'permanent', message: 'The lamp is broken.' },
});

test.serial(
  'A command is taken, its effect runs after the commit, and its operation ends with the effect',
  async (t) => {
    const { runtime, admin, store } = await startWorld(t, db, [lampKind(async () => ({ brightness: 7 }))]);
    const lamp = newLamp();
    const made = await runtime.actors.create(lamp, {}, 'create', { by: admin });
    t.is(made.status, 'succeeded');
    const lit = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
    t.is(lit.status, 'running');
    const ended = await runtime.actors.waitFor(lit.id, 5_000);
    t.is(ended.status, 'succeeded');
    const view = await runtime.actors.view(lamp);
    t.is(view.state, 'on');
    t.is(view.seq, 3);
    t.deepEqual(view.effects, []);
    t.is(view.timers.length, 1);
    t.is((await store.operation(lit.id))?.status, 'succeeded');
    const { rows } = await db.pool.query(
      'select event, from_state, to_state, by from journal where address = $1 order by seq',
      [lamp],
    );
    t.deepEqual(
      rows.map(({ event, from_state, to_state }) => [event, from_state, to_state]),
      [
        ['create', null, 'off'],
        ['light', 'off', 'lighting'],
        ['ignite done', 'lighting', 'on'],
      ],
    );
  },
);

test.serial(
  'A command that the state does not take is refused with the state, the operation and what is allowed',
  async (t) => {
    const { runtime, admin } = await startWorld(t, db, [slowLamp()]);
    const lamp = newLamp();
    await runtime.actors.create(lamp, {}, 'create', { by: admin });
    const refused = await t.throwsAsync(runtime.actors.command(lamp, { type: 'douse' }, { by: admin }), {
      instanceOf: BatonError,
    });
    t.is(refused?.code, 'invalid_transition');
    t.deepEqual(refused?.details.allowed, ['light', 'smash', 'lose']);
    const lighting = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
    const busy = await t.throwsAsync(runtime.actors.command(lamp, { type: 'light' }, { by: admin }), {
      instanceOf: BatonError,
    });
    t.deepEqual(busy?.details.operation, { id: lighting.id, command: 'light' });
  },
);

test.serial('A transient error is retried, a permanent one is given to the machine at once', async (t) => {
  const lamp = newLamp();
  let tries = 0;
  const kind = lampKind(async (_, { address }) => {
    if (address !== lamp) return { brightness: 1 };
    tries += 1;
    if (tries < 3) throw errors.damp();
    if (tries > 3) throw errors.broken();
    return { brightness: 1 };
  });
  const { runtime, admin } = await startWorld(t, db, [kind]);
  await runtime.actors.create(lamp, {}, 'create', { by: admin });
  const lit = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
  t.is((await runtime.actors.waitFor(lit.id, 5_000)).status, 'succeeded');
  t.is(tries, 3);
  await runtime.actors.command(lamp, { type: 'douse' }, { by: admin });
  const again = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
  t.is((await runtime.actors.waitFor(again.id, 5_000)).status, 'failed');
  t.is(tries, 4);
});

test.serial('What may pass is tried until the time of the state is up, and then its cause is told', async (t) => {
  let tries = 0;
  const ignite = async () => {
    tries += 1;
    throw errors.damp();
  };
  const endless = { attempts: Number.POSITIVE_INFINITY, deadlineMs: 60_000, marginMs: 59_500 };
  const { runtime, lamp, command } = await startWorld(t, db, [lampKind(ignite, endless)]);
  const address = await lamp();
  const lit = await command(address, 'light');
  t.is((await runtime.actors.waitFor(lit.id, 10_000)).status, 'failed');
  const { context } = await runtime.actors.view(address);
  t.is((context as { lastError: string }).lastError, 'damp');
  t.true(tries > 3);
});

test.serial('What an operation waits for can be seen on it', async (t) => {
  const dry = Promise.withResolvers<void>();
  const ignite = async (_: unknown, { attempt }: { attempt: number }) => {
    if (attempt === 1) throw errors.damp();
    await dry.promise;
    return { brightness: 1 };
  };
  const { runtime, store, lamp, command } = await startWorld(t, db, [lampKind(ignite)]);
  const lit = await command(await lamp(), 'light');
  await eventually('the cause is told', async () => (await store.operation(lit.id))?.message !== null);
  t.is((await store.operation(lit.id))?.message, 'The wick is damp. It is tried again.');
  dry.resolve();
  t.is((await runtime.actors.waitFor(lit.id, 5_000)).status, 'succeeded');
});

test.serial('An effect that hangs is aborted at its deadline and the machine is told', async (t) => {
  const { runtime, admin } = await startWorld(t, db, [slowLamp({ deadlineMs: 50 })]);
  const lamp = newLamp();
  await runtime.actors.create(lamp, {}, 'create', { by: admin });
  const lit = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
  t.is((await runtime.actors.waitFor(lit.id, 5_000)).status, 'failed');
  const view = await runtime.actors.view(lamp);
  t.is((view.context as { lastError: string }).lastError, 'deadline_exceeded');
});

test.serial('Leaving the state aborts its effect, and a late result of it is dropped', async (t) => {
  const left = Promise.withResolvers<void>();
  const kind = lampKind(
    (_, { signal }) => {
      signal.addEventListener('abort', () => left.resolve());
      return left.promise.then(() => ({ brightness: 9 }));
    },
    { deadlineMs: null },
  );
  const { runtime, admin } = await startWorld(t, db, [kind]);
  const lamp = newLamp();
  await runtime.actors.create(lamp, {}, 'create', { by: admin });
  const lit = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
  await runtime.actors.command(lamp, { type: 'douse' }, { by: admin });
  await left.promise;
  t.is((await runtime.actors.waitFor(lit.id, 1_000)).status, 'cancelled');
  await runtime.actors.ask(lamp, { type: 'press' });
  t.is((await runtime.actors.view(lamp)).state, 'off');
});

test.serial(
  'An effect that was running when the process stopped runs again after the next start, under the same id',
  async (t) => {
    const lamp = newLamp();
    const ids: string[] = [];
    const hanging = lampKind((_, { id, address }) => {
      if (address === lamp) ids.push(id);
      return new Promise(() => {});
    });
    const first = await startWorld(t, db, [hanging]);
    await first.runtime.actors.create(lamp, {}, 'create', { by: first.admin });
    const lit = await first.runtime.actors.command(lamp, { type: 'light' }, { by: first.admin });
    await first.runtime.stop();
    const second = await startWorld(t, db, [
      lampKind(async (_, { id, address }) => {
        if (address === lamp) ids.push(id);
        return { brightness: 3 };
      }),
    ]);
    t.is((await second.runtime.actors.waitFor(lit.id, 5_000)).status, 'succeeded');
    t.deepEqual(ids, [`${lamp}:2:0`, `${lamp}:2:0`]);
  },
);

test.serial('A timer survives a restart and fires once', async (t) => {
  const first = await startWorld(t, db, [plainLamp()]);
  const lamp = newLamp();
  await first.runtime.actors.create(lamp, { burnMs: 300 }, 'create', { by: first.admin });
  const lit = await first.runtime.actors.command(lamp, { type: 'light' }, { by: first.admin });
  await first.runtime.actors.waitFor(lit.id, 5_000);
  await first.runtime.stop();
  const second = await startWorld(t, db, [plainLamp()]);
  await second.turn(({ address, event }) => address === lamp && event === 'after burn');
  const view = await second.runtime.actors.view(lamp);
  t.is(view.state, 'off');
  t.deepEqual(view.timers, []);
});

test.serial('A timer that was cancelled does not fire, even when it was due already', async (t) => {
  const { runtime, admin } = await startWorld(t, db, [plainLamp()]);
  const lamp = newLamp();
  await runtime.actors.create(lamp, { burnMs: 1 }, 'create', { by: admin });
  for (let round = 0; round < 20; round += 1) {
    const lit = await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
    await runtime.actors.waitFor(lit.id, 5_000);
    await runtime.actors.command(lamp, { type: 'douse' }, { by: admin }).catch(() => undefined);
    t.is((await runtime.actors.view(lamp)).state, 'off');
  }
  t.deepEqual((await runtime.actors.view(lamp)).timers, []);
});

test.serial('A timer of an earlier time in the same state is not mistaken for the present one', async (t) => {
  let old: StoredTimer | undefined;
  const { runtime, command, lamp } = await startWorld(t, db, [plainLamp()], {
    limits: { pollMs: 5 },
    wrap: (store) => ({
      ...store,
      async dueTimers(limit) {
        const answer = await store.dueTimers(limit);
        old ??= answer.due[0];
        return answer;
      },
    }),
  });
  const { actors } = runtime;
  const address = await lamp({ burnMs: 1 });
  const first = await command(address, 'light');
  await actors.waitFor(first.id, 5_000);
  await eventually('it has burnt down', async () => (await actors.view(address)).state === 'off');
  await db.pool.query(
    `update actors set snapshot = jsonb_set(snapshot::jsonb, '{context,burnMs}', '60000')::json where address = $1`,
    [address],
  );
  await runtime.stop();
  // The store hands out the timer of the first time again and again.
  const again = await startWorld(t, db, [plainLamp()], {
    wrap: (store) => ({
      ...store,
      dueTimers: async (limit) => ({ due: [...(await store.dueTimers(limit)).due, old as StoredTimer], nextInMs: 1 }),
    }),
  });
  const second = await again.command(address, 'light');
  await again.runtime.actors.waitFor(second.id, 5_000);
  const { seq } = await again.runtime.actors.view(address);
  for (let n = 1; n <= 10; n += 1) await again.runtime.actors.ask(address, { type: 'press' });
  t.like(await again.runtime.actors.view(address), { state: 'on', seq: seq + 10 });
});

test.serial('A message to another actor is committed with the turn and handled once', async (t) => {
  const { runtime, admin, turn } = await startWorld(t, db, [plainLamp()]);
  const [one, two] = [newLamp(), newLamp()];
  await runtime.actors.create(one, {}, 'create', { by: admin });
  await runtime.actors.create(two, {}, 'create', { by: admin });
  const handled = turn(({ address, event }) => address === two && event === 'press');
  await runtime.actors.ask(one, { type: 'pass', to: two });
  t.is((await handled).by, one);
  t.is(pressesOf((await runtime.actors.view(two)).context), 1);
  t.is((await db.pool.query('select from messages where receiver = $1', [two])).rowCount, 0);
});

test.serial(
  'The same idempotency key gives the same operation, at once and later, and another request under it a conflict',
  async (t) => {
    const { runtime, admin } = await startWorld(t, db, [plainLamp()]);
    const lamp = newLamp();
    await runtime.actors.create(lamp, {}, 'create', { by: admin });
    const options = { by: admin, idempotencyKey: lamp, fingerprint: 'a' };
    const light = () => runtime.actors.command(lamp, { type: 'light' }, options);
    const [one, two] = await Promise.all([light(), light()]);
    t.is(one.id, two.id);
    await runtime.actors.waitFor(one.id, 5_000);
    t.is((await light()).id, one.id);
    const other = runtime.actors.command(lamp, { type: 'douse' }, { ...options, fingerprint: 'b' });
    t.is((await t.throwsAsync(other, { instanceOf: BatonError }))?.code, 'conflict');
  },
);

test.serial('A command that may wait is taken when the running operation ends', async (t) => {
  const lit = Promise.withResolvers<{ brightness: number }>();
  const { runtime, admin } = await startWorld(t, db, [lampKind(() => lit.promise)]);
  const lamp = newLamp();
  await runtime.actors.create(lamp, {}, 'create', { by: admin });
  await runtime.actors.command(lamp, { type: 'light' }, { by: admin });
  const waiting = await runtime.actors.command(lamp, { type: 'light' }, { by: admin, ifBusy: 'queue' });
  t.is(waiting.status, 'running');
  lit.resolve({ brightness: 1 });
  const ended = await runtime.actors.waitFor(waiting.id, 5_000);
  t.is(ended.status, 'failed', 'a lamp that is lit cannot be lit');
  t.is(ended.error?.code, 'invalid_transition');
});

test.serial('A command that waits can be cancelled, and is not taken when the running operation ends', async (t) => {
  const lit = Promise.withResolvers<{ brightness: number }>();
  const { runtime, store, admin, lamp, command } = await startWorld(t, db, [lampKind(() => lit.promise)]);
  const { actors } = runtime;
  const address = await lamp();
  const first = await command(address, 'light');
  const wait = () => actors.command(address, { type: 'light' }, { by: admin, ifBusy: 'queue' });
  const [waiting, stays] = [await wait(), await wait()];
  const cancel = (id: string) =>
    actors.command(address, { type: 'cancel', operationId: id }, { by: admin, cancels: id });
  t.is((await cancel(waiting.id)).status, 'succeeded');
  t.like(await store.operation(waiting.id), { status: 'cancelled', error: null });
  t.is((await actors.waitFor(waiting.id, 1_000)).status, 'cancelled');
  t.deepEqual((await actors.view(address)).stash, ['light']);
  t.is((await actors.waitFor(first.id, 0)).status, 'running', 'the one that runs goes on');
  t.is(await codeOf(t, cancel(waiting.id)), 'invalid_transition', 'twice is once');
  lit.resolve({ brightness: 1 });
  t.is((await actors.waitFor(first.id, 5_000)).status, 'succeeded');
  t.is((await actors.waitFor(stays.id, 5_000)).error?.code, 'invalid_transition', 'the other one is taken');
  t.like(await store.operation(waiting.id), { status: 'cancelled' });
});

test.serial('A machine that throws keeps its state, and its asker is told', async (t) => {
  const { runtime, admin } = await startWorld(t, db, [plainLamp()]);
  const lamp = newLamp();
  await runtime.actors.create(lamp, {}, 'create', { by: admin });
  const thrown = await t.throwsAsync(runtime.actors.ask(lamp, { type: 'explode' }), { instanceOf: BatonError });
  t.is(thrown?.code, 'internal');
  t.is(await runtime.actors.ask(lamp, { type: 'press' }), 1);
});

test.serial('A machine that loses its operation is stopped at that turn', async (t) => {
  const { runtime, admin } = await startWorld(t, db, [plainLamp()]);
  const lamp = newLamp();
  await runtime.actors.create(lamp, {}, 'create', { by: admin });
  const lost = await t.throwsAsync(runtime.actors.command(lamp, { type: 'lose' }, { by: admin }), {
    instanceOf: BatonError,
  });
  t.is(lost?.code, 'operation_lost');
  t.is((await runtime.actors.view(lamp)).seq, 1);
});
