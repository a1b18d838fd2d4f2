import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Pool } from 'pg';
import type { Address, Operation } from '../../src/actors/types.ts';
import { openDatabase } from '../../src/persistence/database.ts';
import { errors } from '../../src/persistence/errors.ts';
import { eventually } from '../eventually.ts';
import { cloneTemplate, makeTemplate, withDatabase } from '../persistence/database.ts';
import { startPostgres } from '../persistence/postgres.ts';
import { flaky, seeded, type Weather } from './flaky-store.ts';
import { broken } from './invariants.ts';
import { lampKind, plainLamp, pressesOf } from './lamp.ts';
import { codeOf, rowsOf, startWorld, type World } from './world.ts';

const db = withDatabase(test);

/** Effects that take a moment, so that outages meet them running. */
const unhurriedLamp = (random: () => number) =>
  lampKind(async () => {
    await pause(random() * 20);
    return { brightness: 1 };
  });

interface Deeds {
  /** Acknowledged presses by lamp, and how many were tried: what was not acknowledged may have happened. */
  readonly pressed: Map<Address, { acknowledged: number; tried: number }>;
  readonly operations: Operation[];
  /** Acknowledged messages to other lamps. */
  passed: number;
  /** Everything that was tried. */
  tried: number;
}

/** A few users, each pressing, lighting and passing on until told to stop. Nobody gives up because of an outage. */
function keepBusy(world: World, lamps: readonly Address[], random: () => number, signal: AbortSignal) {
  const { actors } = world.runtime;
  const deeds: Deeds = { pressed: new Map(), operations: [], passed: 0, tried: 0 };
  for (const lamp of lamps) deeds.pressed.set(lamp, { acknowledged: 0, tried: 0 });
  const any = (): Address => lamps[Math.floor(random() * lamps.length)] as Address;

  async function press(): Promise<void> {
    const lamp = any();
    const count = deeds.pressed.get(lamp) ?? { acknowledged: 0, tried: 0 };
    count.tried += 1;
    await actors.ask(lamp, { type: 'press' });
    count.acknowledged += 1;
  }

  /** Repeats a command under one key until it is taken or refused for good. */
  async function light(key: string): Promise<void> {
    const lamp = any();
    for (;;) {
      try {
        const ifBusy = random() < 0.5 ? 'queue' : 'refuse';
        deeds.operations.push(
          await actors.command(lamp, { type: 'light' }, { by: world.admin, idempotencyKey: key, ifBusy }),
        );
        return;
      } catch (error) {
        if (!isPassing(error)) return;
        deeds.tried += 1;
        await pause(10);
      }
    }
  }

  async function pass(): Promise<void> {
    await actors.ask(any(), { type: 'pass', to: any() });
    deeds.passed += 1;
  }

  async function user(name: number): Promise<void> {
    for (let n = 0; !signal.aborted; n += 1) {
      deeds.tried += 1;
      const deed = random();
      const done = deed < 0.5 ? press() : deed < 0.75 ? light(`${name} ${n}`) : pass();
      await done.catch((error) => {
        if (!isPassing(error)) throw error;
        return pause(5);
      });
    }
  }

  return { deeds, over: Promise.all(Array.from({ length: 8 }, (_, name) => user(name))) };
}

/** Waits until so many more things were tried. */
async function more(deeds: Deeds, count: number): Promise<void> {
  const goal = deeds.tried + count;
  await eventually(`${count} more things were tried`, () => deeds.tried >= goal);
}

const isPassing = (error: unknown): boolean =>
  error instanceof Error && 'retry' in error && (error.retry === 'transient' || error.retry === 'fenced');

/** Waits until nothing moves any more, and then checks that all is as if there had been no outage. */
async function assertWhole(t: ExecutionContext, world: World, pool: Pool, deeds: Deeds): Promise<void> {
  const { actors } = world.runtime;
  await eventually('it is healthy', () => world.runtime.healthy());
  for (const { id } of deeds.operations) t.not((await actors.waitFor(id, 10_000)).status, 'running');
  await eventually('nothing is left to do', async () => {
    const left = await rowsOf<{ left: number }>(
      pool,
      `select ((select count(*) from messages) + (select count(*) from effects) + (select count(*) from timers)
        + (select count(*) from stash) + (select count(*) from operations where status = 'running'))::integer as left`,
    );
    return left[0]?.left === 0;
  });
  t.deepEqual(await broken(pool), []);
  t.deepEqual(await rowsOf(pool, 'select * from dead_letters'), []);
  for (const [lamp, { acknowledged, tried }] of deeds.pressed) {
    const [counts] = await rowsOf<{ asked: number; passed: number }>(
      pool,
      `select count(*) filter (where by is null)::integer as asked, count(*) filter (where by is not null)::integer as passed
       from journal where address = $1 and event = 'press'`,
      lamp,
    );
    const { asked, passed } = counts ?? { asked: 0, passed: 0 };
    t.true(acknowledged <= asked && asked <= tried, `${acknowledged} ≤ ${asked} ≤ ${tried}`);
    t.is(pressesOf((await actors.view(lamp)).context), asked + passed);
  }
  const [messages] = await rowsOf<{ sent: number; handled: number }>(
    pool,
    `select count(*) filter (where event = 'pass')::integer as sent,
      count(*) filter (where event = 'press' and by is not null)::integer as handled from journal`,
  );
  t.is(messages?.handled, messages?.sent, 'each message was handled once');
  t.true((messages?.sent ?? 0) >= deeds.passed);
}

for (const seed of [1, 2, 3]) {
  test(`Whatever a store that fails at random did or did not do, all ends well (seed ${seed})`, async (t) => {
    const { pool } = await db.fresh();
    const random = seeded(seed);
    const weather: Weather = { share: 0 };
    const world = await startWorld(t, { pool }, [unhurriedLamp(random)], {
      limits: { pollMs: 20, sweepMs: 100, residentActors: 6, progressMs: 5 },
      wrap: (store) => flaky(store, weather, random),
    });
    const lamps = await Promise.all(Array.from({ length: 12 }, () => world.lamp({ burnMs: 10 })));
    const over = new AbortController();
    const busy = keepBusy(world, lamps, random, over.signal);
    for (const share of [0.05, 0, 0.3, 0, 1, 0, 0.1]) {
      weather.share = share;
      await more(busy.deeds, 100);
    }
    weather.share = 0;
    over.abort();
    await busy.over;
    t.true(world.reports.some(({ message }) => message.startsWith('The database answers again')));
    t.true(busy.deeds.operations.length > 10, `${busy.deeds.operations.length} operations`);
    await assertWhole(t, world, pool, busy.deeds);
  });
}

test('While the store does not answer, asks are refused at once and nothing is acknowledged', async (t) => {
  const { pool } = await db.fresh();
  const weather: Weather = { share: 0 };
  const world = await startWorld(t, { pool }, [plainLamp()], { wrap: (store) => flaky(store, weather, Math.random) });
  const { actors } = world.runtime;
  const lamp = await world.lamp();
  weather.share = 2;
  t.is(await codeOf(t, actors.ask(lamp, { type: 'press' })), 'unavailable');
  t.false(world.runtime.healthy());
  t.is(await codeOf(t, actors.ask(lamp, { type: 'press' })), 'unavailable');
  t.is(await codeOf(t, world.command(lamp, 'light')), 'unavailable');
  weather.share = 0;
  await eventually('it is healthy again', () => world.runtime.healthy());
  t.is(await actors.ask(lamp, { type: 'press' }), 1);
});

test('An effect that lives with its state is stopped when the commit that left the state was not heard of', async (t) => {
  const { pool } = await db.fresh();
  const weather = { deaf: false };
  const aborted = Promise.withResolvers<void>();
  const kind = lampKind(
    (_, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      return new Promise(() => {});
    },
    { deadlineMs: null },
  );
  const world = await startWorld(t, { pool }, [kind], {
    wrap: (store) => ({
      ...store,
      async commit(turns) {
        const results = await store.commit(turns);
        if (weather.deaf) throw errors.unavailable({ reason: 'a test' });
        return results;
      },
    }),
  });
  const lamp = await world.lamp();
  await world.command(lamp, 'light');
  weather.deaf = true;
  t.is(await codeOf(t, world.command(lamp, 'douse')), 'unavailable');
  weather.deaf = false;
  await eventually('it is healthy again', () => world.runtime.healthy());
  await world.runtime.actors.ask(lamp, { type: 'press' });
  await aborted.promise;
  t.is((await world.runtime.actors.view(lamp)).state, 'off');
});

test('A real database may be killed in the middle of everything', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  await makeTemplate(server);
  const database = await openDatabase({ target: await cloneTemplate(server) });
  t.teardown(() => database.close());
  const { pool } = database;
  const random = seeded(9);
  const world = await startWorld(t, { pool }, [unhurriedLamp(random)], { limits: { pollMs: 20, sweepMs: 100 } });
  const lamps = await Promise.all(Array.from({ length: 12 }, () => world.lamp({ burnMs: 10 })));
  const over = new AbortController();
  const busy = keepBusy(world, lamps, random, over.signal);
  for (let kills = 0; kills < 2; kills += 1) {
    await more(busy.deeds, 100);
    await server.kill();
    await eventually('the outage is noticed', () => !world.runtime.healthy());
    await server.restart();
    await eventually('it is healthy again', () => world.runtime.healthy());
  }
  await more(busy.deeds, 100);
  over.abort();
  await busy.over;
  t.true(busy.deeds.operations.length > 10, `${busy.deeds.operations.length} operations`);
  await assertWhole(t, world, pool, busy.deeds);
});
