import test from 'ava';
import type { Address } from '../../src/actors/types.ts';
import type { ProjectionStatement } from '../../src/persistence/sql/projection.ts';
import { eventually } from '../eventually.ts';
import { withDatabase } from '../persistence/database.ts';
import { gated } from './gate.ts';
import { broken } from './invariants.ts';
import { lampKind, plainLamp, pressesOf, slowLamp } from './lamp.ts';
import { codeOf, rowsOf, startWorld } from './world.ts';

const db = withDatabase(test);

test('A mailbox takes so many asks, refuses the next, and takes some again when there is room', async (t) => {
  const { pool } = await db.fresh();
  const gate = gated();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { mailboxDepth: 5 }, wrap: gate.wrap });
  const lamp = await world.lamp();
  await world.runtime.actors.ask(lamp, { type: 'press' });
  gate.shut();
  const press = () => world.runtime.actors.ask(lamp, { type: 'press' });
  // One is being written, five wait.
  const taken = Array.from({ length: 6 }, press);
  t.is(await codeOf(t, press()), 'mailbox_full');
  world.runtime.actors.send(lamp, { type: 'press' });
  gate.open();
  t.deepEqual(await Promise.all(taken), [2, 3, 4, 5, 6, 7]);
  t.is(await press(), 8, 'what was refused and what was dropped has not happened');
});

test('Timers, results and messages overtake what users ask', async (t) => {
  const { pool } = await db.fresh();
  const gate = gated();
  const lit = Promise.withResolvers<{ brightness: number }>();
  const world = await startWorld(t, { pool }, [lampKind(() => lit.promise)], { wrap: gate.wrap });
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  await world.command(lamp, 'light');
  const events: string[] = [];
  world.runtime.inspection.onTurn(({ address, event }) => address === lamp && events.push(event));
  gate.shut();
  const asked = [1, 2, 3].map(() => actors.ask(lamp, { type: 'press' }));
  lit.resolve({ brightness: 1 });
  await eventually('the result waits in the mailbox', async () => (await actors.view(lamp)).mailbox === 3);
  gate.open();
  await Promise.all(asked);
  t.deepEqual(events, ['press', 'ignite done', 'press', 'press']);
});

test('Who is told much by others still answers within a few turns', async (t) => {
  const { pool } = await db.fresh();
  const gate = gated();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { intentsPerTurn: 200 }, wrap: gate.wrap });
  const { actors, inspection } = world.runtime;
  const [one, lamp] = [await world.lamp(), await world.lamp()];
  const handled: string[] = [];
  inspection.onTurn(({ address, by }) => address === lamp && handled.push(by === one ? 'told' : 'asked'));
  await actors.ask(one, { type: 'flood', to: lamp, count: 100 });
  await eventually('it is at it', async () => handled.length > 0);
  gate.shut();
  const before = handled.length;
  const asked = [actors.ask(lamp, { type: 'press' }), actors.ask(lamp, { type: 'press' })];
  gate.open();
  await Promise.all(asked);
  const since = handled.slice(before);
  t.true(since.indexOf('asked') <= 6 && since.lastIndexOf('asked') <= 11, since.join(' '));
  t.true(since.indexOf('asked') >= 4, 'but what it is told goes first');
});

test('More durable messages than a mailbox holds are all handled, once each and in order', async (t) => {
  const { pool } = await db.fresh();
  const limits = { mailboxDepth: 10, intentsPerTurn: 200 };
  const world = await startWorld(t, { pool }, [plainLamp()], { limits });
  const { actors } = world.runtime;
  const [one, two, receiver] = [await world.lamp(), await world.lamp(), await world.lamp()];
  const order: number[] = [];
  world.runtime.inspection.onTurn(({ address, by }) => {
    if (address === receiver && by !== null) order.push([one, two].indexOf(by as Address));
  });
  await actors.ask(one, { type: 'flood', to: receiver, count: 100 });
  await actors.ask(two, { type: 'flood', to: receiver, count: 35 });
  await actors.ask(one, { type: 'flood', to: receiver, count: 20 });
  await eventually('all are handled', async () => (await rowsOf(pool, 'select from messages')).length === 0);
  t.is(pressesOf((await actors.view(receiver)).context), 155);
  t.deepEqual(order, [...Array(100).fill(0), ...Array(35).fill(1), ...Array(20).fill(0)]);
  t.deepEqual(await broken(pool), []);
});

test('A full stash refuses the next command, and what waits in it is taken in order', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [slowLamp()], { limits: { stashDepth: 2 } });
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  await world.command(lamp, 'light');
  const queue = () => actors.command(lamp, { type: 'light' }, { by: world.admin, ifBusy: 'queue' });
  const [first, second] = [await queue(), await queue()];
  t.is(await codeOf(t, queue()), 'stash_full');
  t.deepEqual((await actors.view(lamp)).stash, ['light', 'light']);
  t.regex(first.message ?? '', /^Waiting for/);
  const current = async () => ((await actors.view(lamp)).context as { operation: { id: string } | null }).operation?.id;
  await world.command(lamp, 'douse');
  await eventually('the first is taken', async () => (await current()) === first.id);
  t.is((await actors.waitFor(first.id, 1)).message, null, 'it no longer waits');
  await world.command(lamp, 'douse');
  await eventually('the second is taken', async () => (await current()) === second.id);
  t.deepEqual(await broken(pool), []);
});

test('A turn that asks for too much, runs in a circle or makes too large a state is refused and changes nothing', async (t) => {
  const { pool } = await db.fresh();
  const limits = { intentsPerTurn: 8, snapshotBytes: 4_096, microsteps: 50, failureBurst: 100 };
  const world = await startWorld(t, { pool }, [plainLamp()], { limits });
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  t.is(await codeOf(t, actors.ask(lamp, { type: 'flood', to: lamp, count: 9 })), 'turn_too_large');
  t.is(await codeOf(t, actors.ask(lamp, { type: 'write', text: 'é'.repeat(2_000) })), 'turn_too_large');
  t.is(await codeOf(t, actors.ask(lamp, { type: 'spin' })), 'internal');
  t.true(world.reports.some(({ details }) => JSON.stringify(details).includes('microsteps')));
  t.is((await actors.view(lamp)).seq, 1);
  await actors.ask(lamp, { type: 'write', text: 'e'.repeat(2_000) });
  t.is(await actors.ask(lamp, { type: 'press' }), 1);
});

test('A state with characters that PostgreSQL refuses is stored all the same', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()]);
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  await actors.ask(lamp, { type: 'write', text: 'a\u0000b \ud800 \\u0000 \u{1f600}' });
  await actors.ask(lamp, { type: 'pass', to: lamp, event: { type: 'write', text: 'c\u0000d' } });
  await eventually('the message is handled', async () => (await rowsOf(pool, 'select from messages')).length === 0);
  t.is(((await actors.view(lamp)).context as { note: string }).note, 'c\ufffdd');
  await actors.ask(lamp, { type: 'write', text: 'a\u0000b \ud800 \\u0000 \u{1f600}' });
  t.is(((await actors.view(lamp)).context as { note: string }).note, 'a\ufffdb \ufffd \\u0000 \u{1f600}');
});

test('Only so many actors stay in memory; those that went come back with their timers and effects', async (t) => {
  const { pool } = await db.fresh();
  const world = await startWorld(t, { pool }, [plainLamp()], { limits: { residentActors: 10, pollMs: 20 } });
  const { actors } = world.runtime;
  const lamps = await Promise.all(Array.from({ length: 60 }, () => world.lamp({ burnMs: 300 })));
  const lit = await Promise.all(lamps.map((lamp) => world.command(lamp, 'light')));
  await Promise.all(lit.map(({ id }) => actors.waitFor(id, 5_000)));
  for (let round = 1; round <= 3; round += 1) {
    const presses = await Promise.all(lamps.map((lamp) => actors.ask(lamp, { type: 'press' })));
    t.deepEqual(
      presses,
      lamps.map(() => round),
    );
    // On a slow machine the first have burnt down meanwhile, and are in memory until that is stored.
    await eventually('only so many are in memory', () => world.runtime.residents() <= 10);
  }
  await eventually('all have burnt down', async () => (await rowsOf(pool, 'select from timers')).length === 0);
  const states = await rowsOf<{ state: string }>(pool, `select distinct snapshot ->> 'value' as state from actors`);
  t.deepEqual(states, [{ state: 'off' }]);
  // The last of them were written, and are about to go.
  await eventually('as many as may stay are left', () => world.runtime.residents() <= 10);
  t.deepEqual(await broken(pool), []);
});

test('An actor whose effect runs stays in memory, whatever the limit', async (t) => {
  const { pool } = await db.fresh();
  const lit = Promise.withResolvers<{ brightness: number }>();
  const world = await startWorld(t, { pool }, [lampKind(() => lit.promise)], { limits: { residentActors: 3 } });
  const lamps = await Promise.all(Array.from({ length: 12 }, () => world.lamp()));
  const operations = await Promise.all(lamps.map((lamp) => world.command(lamp, 'light')));
  t.is(world.runtime.residents(), 12);
  lit.resolve({ brightness: 1 });
  for (const { id } of operations) t.is((await world.runtime.actors.waitFor(id, 5_000)).status, 'succeeded');
  await eventually('the others are passivated', () => world.runtime.residents() <= 3);
});

test('Someone who waits no longer is told that the outcome is unknown, and what he asked happens all the same', async (t) => {
  const { pool } = await db.fresh();
  const gate = gated();
  const world = await startWorld(t, { pool }, [plainLamp()], { wrap: gate.wrap });
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  gate.shut();
  t.is(await codeOf(t, actors.ask(lamp, { type: 'press' }, { timeoutMs: 20 })), 'ask_timeout');
  const options = { by: world.admin, idempotencyKey: 'k', timeoutMs: 20 };
  t.is(await codeOf(t, actors.command(lamp, { type: 'light' }, options)), 'ask_timeout');
  // The same key stands in line behind the command that nobody waits for any more.
  const again = actors.command(lamp, { type: 'light' }, { ...options, timeoutMs: 5_000 });
  gate.open();
  const operation = await again;
  t.is((await actors.waitFor(operation.id, 5_000)).status, 'succeeded');
  t.is((await rowsOf(pool, `select from operations where command = 'light'`)).length, 1);
  t.is(await actors.ask(lamp, { type: 'press' }), 2);
});

/** A projection that the database refuses for lamps that were pressed just 13 times. */
const superstitious: ProjectionStatement = {
  name: 'superstition',
  async apply(client, rows) {
    for (const { presses } of rows) await client.query('select 1 / ($1::integer - 13)', [presses]);
  },
};

test('A turn that the database refuses fails alone; the others of its batch are written', async (t) => {
  const { pool } = await db.fresh();
  const gate = gated();
  const sizes: number[] = [];
  const kind = plainLamp({
    projections: ({ context }) => [{ name: 'superstition', row: { presses: pressesOf(context) } }],
  });
  const world = await startWorld(t, { pool }, [kind], {
    projections: new Map([[superstitious.name, superstitious]]),
    wrap: (store) => {
      const inner = gate.wrap(store);
      return {
        ...inner,
        commit(turns) {
          sizes.push(turns.length);
          return inner.commit(turns);
        },
      };
    },
  });
  const { actors } = world.runtime;
  const lamps = await Promise.all(Array.from({ length: 33 }, () => world.lamp()));
  const unlucky = lamps[20] as Address;
  for (let n = 0; n < 12; n += 1) await actors.ask(unlucky, { type: 'press' });
  gate.shut();
  sizes.length = 0;
  const first = actors.ask(lamps[0] as Address, { type: 'press' });
  const answers = lamps.slice(1).map((lamp) => actors.ask(lamp, { type: 'press' }).catch((error) => error.code));
  const next = actors.ask(unlucky, { type: 'write', text: 'still here' });
  gate.open();
  t.is(await first, 1);
  await next;
  t.deepEqual(
    await Promise.all(answers),
    lamps.slice(1).map((lamp) => (lamp === unlucky ? 'internal' : 1)),
  );
  t.deepEqual(sizes.slice(0, 2), [17, 16], 'they shared two transactions');
  t.true(sizes.length < 16, `halving needs few transactions, not ${sizes.length}`);
  t.is(pressesOf((await actors.view(unlucky)).context), 12);
  t.deepEqual(await broken(pool), []);
});
