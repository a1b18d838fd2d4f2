import test from 'ava';
import type { ActorEvent, Address } from '../../src/actors/types.ts';
import { eventually } from '../eventually.ts';
import { withDatabase } from '../persistence/database.ts';
import { broken } from './invariants.ts';
import { lampKind, lampOfVersion, plainLamp, pressesOf } from './lamp.ts';
import { codeOf, newLamp, rowsOf, startWorld, type World } from './world.ts';

const db = withDatabase(test);

interface Letter {
  readonly address: string;
  readonly event: ActorEvent;
  readonly error: { readonly code: string; readonly message: string };
  readonly attempts: number;
}

const lettersOf = (pool: typeof db.pool, address: Address) =>
  rowsOf<Letter>(pool, 'select address, event, error, attempts from dead_letters where address = $1', address);

const handled = ({ reports }: World, event: string) =>
  reports.filter(({ message, details }) => message === 'A message could not be handled.' && details.event === event);

test('A durable message whose handling throws is tried again, becomes a dead letter with the error, and its actor goes on', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { deliveryAttempts: 3 } });
  const { actors } = world.runtime;
  const [sender, receiver] = [await world.lamp(), await world.lamp()];
  await actors.ask(sender, { type: 'pass', to: receiver, event: { type: 'explode' } });
  await actors.ask(sender, { type: 'pass', to: receiver });
  await eventually('the message is a dead letter', async () => (await lettersOf(pool, receiver)).length > 0);
  const letters = await lettersOf(pool, receiver);
  t.is(letters.length, 1);
  t.is(letters[0]?.attempts, 3);
  t.like(letters[0]?.event, { type: 'explode' });
  t.regex(letters[0]?.error.message ?? '', /the guard exploded/);
  t.is(handled(world, 'explode').length, 3);
  await eventually('the next message is handled', async () => pressesOf((await actors.view(receiver)).context) === 1);
  t.deepEqual(await rowsOf(pool, 'select * from messages'), []);
  t.is((await actors.view(receiver)).quarantined, null);
  t.deepEqual(await broken(pool), []);
});

test('A timer whose handling throws becomes a dead letter and does not fire again', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { deliveryAttempts: 2, pollMs: 20 } });
  const lamp = await world.lamp({ burnMs: 100 });
  await world.runtime.actors.ask(lamp, { type: 'fuse', ms: 1 });
  await eventually('the timer is a dead letter', async () => (await lettersOf(pool, lamp)).length > 0);
  t.deepEqual(await rowsOf(pool, 'select * from timers'), []);
  const burnt = world.turn(({ event }) => event === 'after burn');
  await world.command(lamp, 'light');
  await burnt;
  t.is((await lettersOf(pool, lamp)).length, 1);
  t.is(handled(world, 'explode').length, 2);
});

test('An effect’s result that its machine cannot take becomes a dead letter, and can be handled again', async (t) => {
  const { pool } = await db.fresh();
  let isBroken = true;
  const kind = lampKind(async () => ({ brightness: 1 }), {
    projections: ({ value }) => {
      if (isBroken && value === 'on') throw new Error('no projection for a lit lamp');
      return [];
    },
  });
  const world = await startWorld(t, { pool }, [kind]);
  const lamp = await world.lamp();
  const lit = await world.command(lamp, 'light');
  await eventually('the result is a dead letter', async () => (await lettersOf(pool, lamp)).length > 0);
  const [letter] = await lettersOf(pool, lamp);
  t.regex(letter?.error.message ?? '', /no projection/);
  t.deepEqual(await rowsOf(pool, 'select * from effects'), []);
  t.is(await world.runtime.actors.ask(lamp, { type: 'press' }), 1, 'the actor goes on');
  isBroken = false;
  await world.runtime.actors.redeliver(lamp, letter?.event ?? { type: '' });
  t.is((await world.runtime.actors.waitFor(lit.id, 5_000)).status, 'succeeded');
  t.deepEqual(await broken(pool), []);
});

test('A stashed command whose turn throws ends its operation with the error', async (t) => {
  const { pool } = await db.fresh();
  const flame = Promise.withResolvers<{ brightness: number }>();
  let isBroken = false;
  const kind = lampKind(() => flame.promise, {
    attempts: 1,
    projections: ({ value }) => {
      if (isBroken && value === 'lighting') throw new Error('no projection for a lamp being lit');
      return [];
    },
  });
  const world = await startWorld(t, { pool }, [kind]);
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  await world.command(lamp, 'light');
  const queued = { by: world.admin, ifBusy: 'queue' } as const;
  t.is(await codeOf(t, actors.command(lamp, { type: 'explode' }, queued)), 'internal', 'what throws does not wait');
  const waiting = await actors.command(lamp, { type: 'light' }, queued);
  isBroken = true;
  flame.reject(new Error('a gust of wind'));
  const ended = await actors.waitFor(waiting.id, 5_000);
  t.is(ended.status, 'failed');
  t.is(ended.error?.code, 'internal');
  t.deepEqual(await rowsOf(pool, 'select * from stash'), []);
  t.is((await actors.view(lamp)).state, 'off');
  t.deepEqual(await broken(pool), []);
});

test('An actor that fails in a burst is quarantined: asks hear why, its rows stay', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { failureBurst: 3 } });
  const { actors } = world.runtime;
  const [lamp, other] = [await world.lamp({ burnMs: 1 }), await world.lamp()];
  const quarantined = eventually('it is quarantined', async () => (await actors.view(lamp)).quarantined !== null);
  for (let n = 0; n < 4; n += 1) t.is(await codeOf(t, actors.ask(lamp, { type: 'explode' })), 'internal');
  await quarantined;
  t.is(await codeOf(t, actors.ask(lamp, { type: 'press' })), 'quarantined');
  t.is(await codeOf(t, world.command(lamp, 'light')), 'quarantined');
  const view = await actors.view(lamp);
  t.regex(view.quarantined?.message ?? '', /the guard exploded/);
  t.deepEqual(view.allowed, []);
  t.is(await actors.ask(other, { type: 'press' }), 1, 'another actor is not concerned');
  t.deepEqual(
    await rowsOf(pool, `select type from events where type like 'actor.%' and subject_id = $1`, lamp.slice(5)),
    [{ type: 'actor.quarantined' }],
  );
});

test('Messages and timers of a quarantined actor wait in the store, through a restart, until it is resumed', async (t) => {
  const { pool } = await db.fresh();
  const limits = { failureBurst: 1, pollMs: 20 };
  const first = await startWorld(t, { pool }, [plainLamp()], { limits });
  const [lamp, sender] = [await first.lamp({ burnMs: 50 }), await first.lamp()];
  const lit = await first.command(lamp, 'light');
  await first.runtime.actors.waitFor(lit.id, 5_000);
  for (let n = 0; n < 2; n += 1) await codeOf(t, first.runtime.actors.ask(lamp, { type: 'explode' }));
  await eventually('it is quarantined', async () => (await first.runtime.actors.view(lamp)).quarantined !== null);
  await first.runtime.actors.ask(sender, { type: 'pass', to: lamp });
  await eventually(
    'the timer is due',
    async () => (await rowsOf(pool, 'select from timers where due_at < now()')).length > 0,
  );
  await first.runtime.stop();

  const second = await startWorld(t, { pool }, [plainLamp()], { limits });
  const { actors } = second.runtime;
  await actors.ask(sender, { type: 'press' });
  t.is((await actors.view(lamp)).state, 'on', 'the timer has not fired');
  const gone = second.turn(({ address, event }) => address === lamp && event === 'after burn');
  await actors.resume(lamp, second.admin);
  await gone;
  await eventually('the message is handled', async () => pressesOf((await actors.view(lamp)).context) === 1);
  t.is((await actors.view(lamp)).quarantined, null);
  t.deepEqual(await broken(pool), []);
});

test('Resuming an actor that does not exist is refused, and one that is not quarantined is left alone', async (t) => {
  const { pool } = await db.fresh();
  const { runtime, admin, lamp } = await startWorld(t, { pool }, [plainLamp()]);
  t.is(await codeOf(t, runtime.actors.resume(newLamp(), admin)), 'not_found');
  const address = await lamp();
  await runtime.actors.resume(address, admin);
  t.deepEqual(await rowsOf(pool, `select from events where type = 'actor.resumed'`), []);
});

test('A stored state that the machine no longer knows quarantines the actor and keeps its row', async (t) => {
  const { pool } = await db.fresh();
  const first = await startWorld(t, { pool }, [plainLamp()]);
  const lamp = await first.lamp();
  await first.runtime.stop();
  await pool.query(`update actors set snapshot = jsonb_set(snapshot::jsonb, '{value}', '"melted"')::json`);

  const second = await startWorld(t, { pool }, [plainLamp()]);
  const { actors } = second.runtime;
  t.is(await codeOf(t, actors.ask(lamp, { type: 'press' })), 'quarantined');
  t.is(await codeOf(t, actors.create(lamp, {}, 'create', { by: second.admin })), 'quarantined');
  const view = await actors.view(lamp);
  t.is(view.state, 'melted');
  t.deepEqual(view.allowed, []);
  t.regex(view.quarantined?.message ?? '', /melted/);

  await pool.query(`update actors set snapshot = jsonb_set(snapshot::jsonb, '{value}', '"off"')::json`);
  await actors.resume(lamp, second.admin);
  t.is(await actors.ask(lamp, { type: 'press' }), 1);
});

test('A snapshot of another machine version is refused without a migration and converted with one', async (t) => {
  const { pool } = await db.fresh();
  const first = await startWorld(t, { pool }, [plainLamp()]);
  const lamp = await first.lamp();
  await first.runtime.actors.ask(lamp, { type: 'press' });
  await first.runtime.stop();

  const machine = lampOfVersion('2');
  const second = await startWorld(t, { pool }, [plainLamp({ machine })]);
  t.is(await codeOf(t, second.runtime.actors.ask(lamp, { type: 'press' })), 'quarantined');
  t.is((await second.runtime.actors.view(lamp)).quarantined?.code, 'incompatible_snapshot');
  await second.runtime.stop();

  const migrate = (stored: unknown, from: string) => {
    const { context, ...rest } = stored as { context: { presses: number } };
    t.is(from, '1');
    return { ...rest, context: { ...context, presses: context.presses + 100 } };
  };
  const third = await startWorld(t, { pool }, [plainLamp({ machine, migrate })]);
  await third.runtime.actors.resume(lamp, third.admin);
  t.is(await third.runtime.actors.ask(lamp, { type: 'press' }), 102);
  t.is((await third.runtime.actors.view(lamp)).machineVersion, '2');
});

test('A message to an actor that does not exist yet is handled once it does', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { sweepMs: 60_000 } });
  const { actors } = world.runtime;
  const [sender, late] = [await world.lamp(), newLamp()];
  await actors.ask(sender, { type: 'pass', to: late });
  t.is(await codeOf(t, actors.ask(late, { type: 'press' })), 'not_found');
  await actors.create(late, {}, 'create', { by: world.admin });
  await eventually('the late one has its message', async () => pressesOf((await actors.view(late)).context) === 1);
  t.deepEqual(await rowsOf(pool, 'select * from messages'), []);
});

test('A message whose receiver does not come into being becomes a dead letter after a while', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { orphanMs: 300, sweepMs: 50 } });
  const [sender, never] = [await world.lamp(), newLamp()];
  await world.runtime.actors.ask(sender, { type: 'pass', to: never });
  await world.runtime.actors.ask(sender, { type: 'pass', to: 'stranger/1' });
  await eventually('both are dead letters', async () => (await rowsOf(pool, 'select from messages')).length === 0);
  const letters = await rowsOf<Letter>(pool, 'select address, error from dead_letters');
  t.deepEqual(letters.map(({ address }) => address).sort(), [never, 'stranger/1'].sort());
  t.is(letters[0]?.error.code, 'no_receiver');
});

test('What is moot to an actor that has ended is no dead letter; an order to it is one', async (t) => {
  const { pool } = await db.fresh();
  const kind = { ...plainLamp(), moot: ['press'] };
  const world = await startWorld(t, { pool }, [kind], { limits: { orphanMs: 300, sweepMs: 50 } });
  const { actors } = world.runtime;
  const [sender, ended, never] = [await world.lamp(), await world.lamp(), newLamp()];
  await world.command(ended, 'smash');
  for (const to of [ended, never]) await actors.ask(sender, { type: 'pass', to, event: { type: 'press' } });
  await actors.ask(sender, { type: 'pass', to: ended, event: { type: 'write', text: 'late' } });
  await eventually('none waits', async () => (await rowsOf(pool, 'select from messages')).length === 0);
  const letters = await rowsOf<Letter>(pool, 'select address, event from dead_letters');
  t.deepEqual(
    letters.map(({ address, event }) => `${address} ${event.type}`).sort(),
    [`${ended} write`, `${never} press`].sort(),
  );
});

test('A message to something that is no address fails the turn that sends it', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()]);
  const lamp = await world.lamp();
  t.is(await codeOf(t, world.runtime.actors.ask(lamp, { type: 'pass', to: 'nobody' })), 'internal');
  t.is(await world.runtime.actors.ask(lamp, { type: 'press' }), 1);
});

test('Asking what is no address of a known kind is refused, and sending there does nothing', async (t) => {
  const { pool } = await db.fresh();
  const { runtime } = await startWorld(t, { pool }, [plainLamp()]);
  for (const address of ['nobody', 'stranger/1', '/', 'lamp/'] as Address[]) {
    t.is(await codeOf(t, runtime.actors.ask(address, { type: 'press' })), 'not_found', address);
    runtime.actors.send(address, { type: 'press' });
  }
});

test('An actor that ends takes its waiting commands’ operations, timers and effects with it', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [lampKind(() => new Promise(() => {}))]);
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  await actors.ask(lamp, { type: 'fuse', ms: 60_000 });
  const lit = await world.command(lamp, 'light');
  const waiting = await actors.command(lamp, { type: 'light' }, { by: world.admin, ifBusy: 'queue' });
  t.is(await codeOf(t, world.command(lamp, 'smash')), 'operation_lost', 'an operation that runs may not be lost');
  await world.command(lamp, 'douse');
  t.is((await actors.waitFor(lit.id, 1_000)).status, 'cancelled');
  await eventually('the waiting command was taken', async () => (await actors.view(lamp)).state === 'lighting');
  const third = await actors.command(lamp, { type: 'light' }, { by: world.admin, ifBusy: 'queue' });
  t.is((await actors.waitFor(waiting.id, 1)).status, 'running');
  await world.command(lamp, 'shatter');
  t.is((await actors.waitFor(waiting.id, 1_000)).status, 'cancelled');
  t.is((await actors.waitFor(third.id, 1_000)).error?.code, 'not_found');
  for (const table of ['actors', 'timers', 'effects', 'stash'])
    t.deepEqual(await rowsOf(pool, `select * from ${table}`), []);
  t.deepEqual(await broken(pool), []);
});
