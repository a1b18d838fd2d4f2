/**
 * Random histories of two lamps, with restarts, against a model of what a lamp is. After each step the stored actors must
 * come to be what the model says; at the end the stored rows must hold together.
 */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Pool } from 'pg';
import type { ActorKind, Address } from '../../src/actors/types.ts';
import { eventually } from '../eventually.ts';
import { withDatabase } from '../persistence/database.ts';
import { broken } from './invariants.ts';
import { lampKind, pressesOf } from './lamp.ts';
import { rowsOf, startWorld, type World } from './world.ts';

const db = withDatabase(test);

type Outcome = 'running' | 'succeeded' | 'failed' | 'cancelled';

interface Lamp {
  state: 'off' | 'lighting' | 'on';
  presses: number;
  current: string | null;
  stash: string[];
}

interface Model {
  readonly lamps: readonly Lamp[];
  readonly operations: Map<string, Outcome>;
}

interface Real {
  readonly t: ExecutionContext;
  readonly pool: Pool;
  readonly kind: ActorKind;
  readonly lamps: readonly Address[];
  /** How the flame that each lamp waits for turns out. */
  readonly flames: Map<Address, PromiseWithResolvers<{ brightness: number }>>;
  world: World;
}

const other = (which: number): number => 1 - which;

/** When no operation runs any more, the oldest waiting command is taken or refused for good. */
function takeStash({ operations }: Model, lamp: Lamp): void {
  while (lamp.current === null && lamp.stash.length > 0) {
    const id = lamp.stash.shift() ?? '';
    if (lamp.state === 'off') Object.assign(lamp, { state: 'lighting', current: id });
    else operations.set(id, 'failed');
  }
}

function end(model: Model, lamp: Lamp, state: Lamp['state'], outcome: Outcome): void {
  if (lamp.current !== null) model.operations.set(lamp.current, outcome);
  Object.assign(lamp, { state, current: null });
  takeStash(model, lamp);
}

/** Waits until the stored actors and operations are as the model says. */
async function agree({ world, lamps }: Real, { lamps: models, operations }: Model, after: string): Promise<void> {
  const { actors } = world.runtime;
  const seen = async () => {
    const views = await Promise.all(lamps.map((lamp) => actors.view(lamp)));
    return JSON.stringify(
      views.map(({ state, context, stash, effects, timers }) => ({
        state,
        presses: pressesOf(context),
        current: (context as { operation: { id: string } | null }).operation?.id ?? null,
        waiting: stash.length,
        effects: effects.length,
        timers: timers.length,
      })),
    );
  };
  const expected = JSON.stringify(
    models.map(({ state, presses, current, stash }) => ({
      state,
      presses,
      current,
      waiting: stash.length,
      effects: state === 'lighting' ? 1 : 0,
      timers: state === 'on' ? 1 : 0,
    })),
  );
  let last = '';
  await eventually(`after ${after}: ${expected}`, async () => {
    last = await seen();
    return last === expected;
  }).catch((error: Error) => {
    throw new Error(`${error.message}, but it is ${last}`);
  });
  for (const [id, outcome] of operations) {
    const { status } = await actors.waitFor(id, outcome === 'running' ? 0 : 5_000);
    if (status !== outcome) throw new Error(`after ${after} the operation ${id} is ${status}, not ${outcome}`);
  }
}

type Step = fc.AsyncCommand<Model, Real>;

const step = (
  name: string,
  check: (model: Model) => boolean,
  act: (model: Model, real: Real) => Promise<void>,
): Step => ({
  check,
  async run(model, real) {
    await act(model, real);
    await agree(real, model, name);
  },
  toString: () => name,
});

const lampOf = (model: Model, which: number): Lamp => model.lamps[which] as Lamp;
const addressOf = (real: Real, which: number): Address => real.lamps[which] as Address;
const always = (): boolean => true;

const press = (which: number): Step =>
  step(`press ${which}`, always, async (model, { world, lamps, t }) => {
    const lamp = lampOf(model, which);
    lamp.presses += 1;
    t.is(await world.runtime.actors.ask(lamps[which] as Address, { type: 'press' }), lamp.presses);
  });

const pass = (which: number, count: number): Step =>
  step(`pass ${count} from ${which}`, always, async (model, real) => {
    lampOf(model, other(which)).presses += count;
    const event = { type: 'flood', to: addressOf(real, other(which)), count };
    await real.world.runtime.actors.ask(addressOf(real, which), event);
  });

const explode = (which: number): Step =>
  step(`explode ${which}`, always, async (_, real) => {
    await real.t.throwsAsync(real.world.runtime.actors.ask(addressOf(real, which), { type: 'explode' }));
  });

const light = (which: number, ifBusy: 'refuse' | 'queue'): Step =>
  step(`light ${which}, ${ifBusy}`, always, async (model, real) => {
    const lamp = lampOf(model, which);
    const { world, t } = real;
    const lighting = world.runtime.actors.command(
      addressOf(real, which),
      { type: 'light' },
      { by: world.admin, ifBusy },
    );
    const waits = lamp.state === 'lighting' && ifBusy === 'queue' && lamp.stash.length < STASH_DEPTH;
    if (lamp.state !== 'off' && !waits) return void (await t.throwsAsync(lighting));
    const { id } = await lighting;
    model.operations.set(id, 'running');
    if (waits) lamp.stash.push(id);
    else Object.assign(lamp, { state: 'lighting', current: id });
  });

const douse = (which: number): Step =>
  step(`douse ${which}`, always, async (model, real) => {
    const lamp = lampOf(model, which);
    const dousing = real.world.command(addressOf(real, which), 'douse');
    if (lamp.state === 'off') return void (await real.t.throwsAsync(dousing));
    model.operations.set((await dousing).id, 'succeeded');
    end(model, lamp, 'off', 'cancelled');
  });

const ignite = (which: number, succeeds: boolean): Step =>
  step(
    `${succeeds ? 'ignite' : 'blow out'} ${which}`,
    (model) => lampOf(model, which).state === 'lighting',
    async (model, real) => {
      const lamp = addressOf(real, which);
      await eventually('the flame is awaited', () => real.flames.has(lamp));
      const flame = real.flames.get(lamp);
      real.flames.delete(lamp);
      if (succeeds) flame?.resolve({ brightness: 1 });
      else flame?.reject(new Error('a gust of wind'));
      end(model, lampOf(model, which), succeeds ? 'on' : 'off', succeeds ? 'succeeded' : 'failed');
    },
  );

/** Makes the timer due: the database's clock is the one that counts. */
const burnDown = (which: number): Step =>
  step(
    `burn down ${which}`,
    (model) => lampOf(model, which).state === 'on',
    async (model, real) => {
      await real.pool.query('update timers set due_at = now() where address = $1', [addressOf(real, which)]);
      end(model, lampOf(model, which), 'off', 'succeeded');
    },
  );

const restart: Step = step('restart', always, async (_, real) => {
  await real.world.runtime.stop();
  real.flames.clear();
  real.world = await startWorld(real.t, real, [real.kind], { limits: LIMITS });
});

const STASH_DEPTH = 2;
const LIMITS = { stashDepth: STASH_DEPTH, pollMs: 10, failureBurst: 1_000, mailboxDepth: 8, residentActors: 1 };

const which = fc.constantFrom(0, 1);
const steps = fc.commands(
  [
    which.map(press),
    fc.tuple(which, fc.integer({ min: 1, max: 30 })).map(([from, count]) => pass(from, count)),
    which.map(explode),
    fc.tuple(which, fc.constantFrom('refuse' as const, 'queue' as const)).map(([at, ifBusy]) => light(at, ifBusy)),
    which.map(douse),
    fc.tuple(which, fc.boolean()).map(([at, succeeds]) => ignite(at, succeeds)),
    which.map(burnDown),
    fc.constant(restart),
  ],
  { maxCommands: 40, size: 'max' },
);

test('Whatever happens to two lamps, they are what their model says, and the rows hold together', async (t) => {
  t.timeout(110_000);
  const { pool } = await db.fresh();
  await fc.assert(
    fc.asyncProperty(steps, async (commands) => {
      const flames: Real['flames'] = new Map();
      const kind = lampKind(
        (_, { address }) => {
          const flame = Promise.withResolvers<{ brightness: number }>();
          flames.set(address, flame);
          return flame.promise;
        },
        { attempts: 1, deadlineMs: null },
      );
      const world = await startWorld(t, { pool }, [kind], { limits: LIMITS });
      const lamps = [await world.lamp(), await world.lamp()];
      const real: Real = { t, pool, kind, flames, lamps, world };
      const lamp = (): Lamp => ({ state: 'off', presses: 0, current: null, stash: [] });
      const model: Model = { lamps: [lamp(), lamp()], operations: new Map() };
      await fc.asyncModelRun(() => ({ model, real }), commands);
      await real.world.runtime.stop();
      const faults = await broken(pool);
      if (faults.length > 0) throw new Error(JSON.stringify(faults));
      const left = await rowsOf(
        pool,
        'select * from messages union all select null, null, id::text, null, null, null from dead_letters',
      );
      if (left.length > 0) throw new Error(JSON.stringify(left));
    }),
    { numRuns: 30, endOnFailure: true },
  );
  t.pass();
});
