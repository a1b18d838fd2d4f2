import test from 'ava';
import type { Runtime } from '../../src/actors/runtime.ts';
import { eventually } from '../eventually.ts';
import { withDatabase } from '../persistence/database.ts';
import { flaky, type Weather } from './flaky-store.ts';
import { gated } from './gate.ts';
import { broken } from './invariants.ts';
import { lampKind, plainLamp, pressesOf, slowLamp } from './lamp.ts';
import { codeOf, rowsOf, startWorld } from './world.ts';

const db = withDatabase(test);

test('A runtime that stops in the middle of everything leaves what the next one finishes', async (t) => {
  const { pool } = await db.fresh();
  const first = await startWorld(t, { pool }, [slowLamp()], { limits: { mailboxDepth: 20 } });
  const lamps = await Promise.all(Array.from({ length: 20 }, () => first.lamp({ burnMs: 30 })));
  const lit = await Promise.all(lamps.map((lamp) => first.command(lamp, 'light')));
  const by = { by: first.admin, ifBusy: 'queue' } as const;
  const queued = await Promise.all(
    lamps.map((lamp) => first.runtime.actors.command(lamp, { type: 'douse', n: 1 }, by).catch(() => null)),
  );
  t.true(
    queued.every((operation) => operation?.status === 'succeeded'),
    'a lamp that is being lit can be doused',
  );
  const again = await Promise.all(lamps.map((lamp) => first.command(lamp, 'light')));
  const waiting = await Promise.all(lamps.map((lamp) => first.runtime.actors.command(lamp, { type: 'light' }, by)));
  // Turns, messages and new commands are under way when it stops.
  const answers = lamps.map((lamp, n) =>
    first.runtime.actors.ask(lamp, { type: 'flood', to: lamps[(n + 1) % lamps.length], count: 40 }).then(
      () => 'done',
      (error: { code: string }) => error.code,
    ),
  );
  await first.runtime.stop();
  const done = await Promise.all(answers);
  t.true(
    done.every((answer) => answer === 'done' || answer === 'stopping'),
    done.join(),
  );
  t.is(await codeOf(t, first.runtime.actors.ask(lamps[0] ?? 'lamp/x', { type: 'press' })), 'stopping');
  t.deepEqual(await broken(pool), []);

  const second = await startWorld(t, { pool }, [plainLamp()], { limits: { pollMs: 20 } });
  for (const { id } of lit) t.is((await second.runtime.actors.waitFor(id, 5_000)).status, 'cancelled');
  for (const { id } of again) t.is((await second.runtime.actors.waitFor(id, 5_000)).status, 'succeeded');
  for (const { id } of waiting)
    t.is((await second.runtime.actors.waitFor(id, 5_000)).error?.code, 'invalid_transition');
  await eventually('no message is left', async () => (await rowsOf(pool, 'select from messages')).length === 0);
  await eventually('all have burnt down', async () => (await rowsOf(pool, 'select from timers')).length === 0);
  const presses = await rowsOf<{ presses: number }>(
    pool,
    `select (snapshot -> 'context' ->> 'presses')::integer as presses from actors`,
  );
  const expected = done.filter((answer) => answer === 'done').length * 40;
  t.is(
    presses.reduce((sum, row) => sum + row.presses, 0),
    expected,
  );
  t.deepEqual(await rowsOf(pool, 'select * from dead_letters'), []);
  t.deepEqual(await broken(pool), []);
});

test('Stopping waits for the turns that are under way and starts nothing that they ask for', async (t) => {
  const { pool } = await db.fresh();
  let started = 0;
  const world = await startWorld(t, { pool }, [
    lampKind(() => {
      started += 1;
      return new Promise(() => {});
    }),
  ]);
  const lamps = await Promise.all(Array.from({ length: 10 }, () => world.lamp()));
  const commands = lamps.map((lamp) => world.command(lamp, 'light'));
  await world.runtime.stop();
  const operations = await Promise.all(commands);
  t.true(operations.every(({ status }) => status === 'running'));
  t.is(started, 0);
  t.is((await rowsOf(pool, 'select from effects')).length, 10);
});

test('While another owner’s lease lasts the database is in use; the same owner takes over at once', async (t) => {
  const { pool } = await db.fresh();
  const first = await startWorld(t, { pool }, [plainLamp()], { owner: 'one' });
  const lamp = await first.lamp();
  t.is(await codeOf(t, startWorld(t, { pool }, [plainLamp()], { owner: 'two' })), 'database_in_use');
  const again = await startWorld(t, { pool }, [plainLamp()], { owner: 'one' });
  t.is(await again.runtime.actors.ask(lamp, { type: 'press' }), 1);
  t.is(await codeOf(t, first.runtime.actors.ask(lamp, { type: 'press' })), 'fenced');
  await eventually('the first knows', () => isLost(first.reports));
  await first.runtime.stop();
  t.is(await again.runtime.actors.ask(lamp, { type: 'press' }), 2, 'it did not give away what is no longer its own');
});

test('A runtime whose lease another has taken is refused by the database, says so, and touches nothing more', async (t) => {
  const { pool } = await db.fresh();
  let aborted = 0;
  const watching = lampKind((_, { signal }) => {
    signal.addEventListener('abort', () => {
      aborted += 1;
    });
    return new Promise(() => {});
  });
  // It never renews by itself within this test.
  const first = await startWorld(t, { pool }, [watching], { owner: 'one', limits: { leaseMs: 60_000 } });
  const [lamp, burning] = [await first.lamp(), await first.lamp()];
  const lit = await first.command(burning, 'light');
  await pool.query(`update shards set expires_at = now() - interval '1 second'`);
  const second = await startWorld(t, { pool }, [plainLamp()], { owner: 'two' });
  t.is((await second.runtime.actors.waitFor(lit.id, 5_000)).status, 'succeeded');
  t.is(await second.runtime.actors.ask(lamp, { type: 'press' }), 1);

  t.is(await codeOf(t, first.runtime.actors.ask(lamp, { type: 'press' })), 'fenced');
  await eventually('the first knows that it lost the lease', () => isLost(first.reports));
  t.false(first.runtime.healthy());
  t.is(aborted, 1, 'its effects are aborted');
  t.is(first.runtime.residents(), 0);
  const refused = await codeOf(t, first.runtime.actors.ask(lamp, { type: 'press' }));
  t.true(['fenced', 'stopping'].includes(refused), refused);
  t.is(pressesOf((await second.runtime.actors.view(lamp)).context), 1);
  t.deepEqual(await broken(pool), []);
});

test('A turn that was being written when the lease was lost is not tried again', async (t) => {
  const { pool } = await db.fresh();
  const gate = gated();
  const first = await startWorld(t, { pool }, [plainLamp()], { limits: { leaseMs: 300 }, wrap: gate.wrap });
  const [sender, receiver] = [await first.lamp(), await first.lamp()];
  await first.runtime.actors.ask(receiver, { type: 'press' });
  gate.shut();
  await pool.query(`insert into messages (id, sender, receiver, event) values ('m', $1, $2, '{"type":"press"}')`, [
    sender,
    receiver,
  ]);
  await eventually('the message’s turn is being written', () => gate.waiting > 0);
  await pool.query(`update shards set owner = 'two', epoch = epoch + 1, expires_at = now() + interval '1 hour'`);
  await eventually('the lease is lost', () => isLost(first.reports));
  gate.open();
  await first.runtime.stop();
  t.is(first.runtime.residents(), 0);
  t.is((await rowsOf(pool, 'select from messages')).length, 1);
});

test('A command that waits is not taken by a runtime whose shards another has: that one would never hear of it', async (t) => {
  const { pool } = await db.fresh();
  const waiting = lampKind(() => new Promise(() => {}));
  const first = await startWorld(t, { pool }, [waiting], { owner: 'one', limits: { leaseMs: 60_000 } });
  const lamp = await first.lamp();
  await first.command(lamp, 'light');
  await pool.query(`update shards set owner = 'two', epoch = epoch + 1, expires_at = now() + interval '1 hour'`);
  const late = first.runtime.actors.command(lamp, { type: 'light' }, { by: first.admin, ifBusy: 'queue' });
  t.is(await codeOf(t, late), 'fenced');
  await eventually('the first knows that it lost the lease', () => isLost(first.reports));
  t.is((await rowsOf(pool, 'select from stash')).length, 0);
  t.is((await rowsOf(pool, `select from operations where status = 'running'`)).length, 1, 'only the one it waits for');
});

test('A lease that runs out unnoticed is lost at the next renewal', async (t) => {
  const { pool } = await db.fresh();
  const first = await startWorld(t, { pool }, [plainLamp()], { owner: 'one', limits: { leaseMs: 600 } });
  const lamp = await first.lamp();
  const expiry = () => rowsOf<{ at: Date }>(pool, 'select min(expires_at) as at from shards');
  const [{ at }] = (await expiry()) as [{ at: Date }];
  await eventually('it is renewed', async () => ((await expiry())[0]?.at ?? at) > at);
  await pool.query(`update shards set owner = 'two', epoch = epoch + 1, expires_at = now() + interval '1 hour'`);
  await eventually('it is lost', () => isLost(first.reports));
  t.true(['fenced', 'stopping'].includes(await codeOf(t, first.runtime.actors.ask(lamp, { type: 'press' }))));
});

test('Two that claim the shards at the same time do not both get them', async (t) => {
  const { pool } = await db.fresh();
  const starts = ['one', 'two', 'three', 'four'].map((owner) =>
    startWorld(t, { pool }, [plainLamp()], { owner }).then(
      ({ runtime }) => runtime,
      (error: { code: string }) => error.code,
    ),
  );
  const results = await Promise.all(starts);
  t.is(results.filter((result) => result === 'database_in_use').length, 3, results.map(String).join());
  const [winner] = results.filter((result): result is Runtime => typeof result !== 'string');
  t.true(winner?.healthy());
});

test('Work that another process left behind after we looked is found by the sweep', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { sweepMs: 50 } });
  const { actors } = world.runtime;
  const [idle, resident] = [await world.lamp(), await world.lamp()];
  await actors.ask(resident, { type: 'press' });
  for (const lamp of [idle, resident]) {
    await pool.query(
      `insert into messages (id, sender, receiver, event) values ($1, 'lamp/x', $2, '{"type":"press"}')`,
      [`late ${lamp}`, lamp],
    );
  }
  await eventually('both are handled', async () => (await rowsOf(pool, 'select from messages')).length === 0);
  t.is(pressesOf((await actors.view(idle)).context), 1);
  t.is(pressesOf((await actors.view(resident)).context), 2);
});

test('After an outage in which another process had the shards, nothing stale is left', async (t) => {
  const { pool } = await db.fresh();
  const weather: Weather = { share: 0 };
  const first = await startWorld(t, { pool }, [plainLamp()], {
    owner: 'one',
    wrap: (store) => flaky(store, weather, Math.random),
  });
  const lamp = await first.lamp();
  t.is(await first.runtime.actors.ask(lamp, { type: 'press' }), 1);
  weather.share = 2;
  await eventually('the outage is noticed', () => !first.runtime.healthy());
  await pool.query(`update shards set expires_at = now() - interval '1 second'`);
  const second = await startWorld(t, { pool }, [plainLamp()], { owner: 'two' });
  t.is(await second.runtime.actors.ask(lamp, { type: 'press' }), 2);
  await second.runtime.stop();
  weather.share = 0;
  await eventually('the first is healthy again', () => first.runtime.healthy());
  t.is(await first.runtime.actors.ask(lamp, { type: 'press' }), 3);
});

test('An outage after which another process has the shards is a lost lease', async (t) => {
  const { pool } = await db.fresh();
  const weather: Weather = { share: 0 };
  const first = await startWorld(t, { pool }, [plainLamp()], {
    owner: 'one',
    wrap: (store) => flaky(store, weather, Math.random),
  });
  const lamp = await first.lamp();
  weather.share = 2;
  t.is(await codeOf(t, first.runtime.actors.ask(lamp, { type: 'press' })), 'unavailable');
  await pool.query(`update shards set expires_at = now() - interval '1 second'`);
  await startWorld(t, { pool }, [plainLamp()], { owner: 'two' });
  weather.share = 0;
  await eventually('it is lost', () => isLost(first.reports));
  t.false(first.runtime.healthy());
});

test('What is allowed is known of actors that are not in memory, too', async (t) => {
  const { pool } = await db.fresh();
  const first = await startWorld(t, { pool }, [plainLamp()]);
  const lamp = await first.lamp();
  await first.runtime.stop();
  const { runtime } = await startWorld(t, { pool }, [plainLamp()]);
  const view = await runtime.actors.view(lamp);
  t.false(view.resident);
  t.deepEqual(view.allowed, ['light', 'smash', 'lose']);
});

const isLost = (reports: readonly { message: string }[]): boolean =>
  reports.some(({ message }) => message === 'lease lost');
