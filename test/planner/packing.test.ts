import test from 'ava';
import fc from 'fast-check';
import {
  bestFit,
  bestFitDecreasing,
  cutMachines,
  dotProduct,
  firstFit,
  firstFitDecreasing,
  type Heuristic,
  type Instance,
  lowerBound,
  type Packing,
  shortestRest,
  triplets,
  uniform,
  volumeBound,
} from '../../src/planner/packing/index.ts';
import { seededRandom } from '../../src/sim/random.ts';

const HEURISTICS: Record<string, Heuristic> = {
  firstFit,
  bestFit,
  firstFitDecreasing,
  bestFitDecreasing,
  dotProduct,
  shortestRest,
};

const instanceArbitrary = (most: number): fc.Arbitrary<Instance> =>
  fc.integer({ min: 1, max: 3 }).chain((dimensions) =>
    fc.record({
      capacity: fc.tuple(...Array.from({ length: dimensions }, () => fc.integer({ min: 20, max: 30 }))),
      items: fc.array(fc.tuple(...Array.from({ length: dimensions }, () => fc.integer({ min: 0, max: 20 }))), {
        maxLength: most,
        size: 'max',
      }),
      optimum: fc.constant(null),
    }),
  );

const lineArbitrary = (most: number): fc.Arbitrary<Instance> =>
  fc.record({
    capacity: fc.constant([30]),
    items: fc.array(fc.tuple(fc.integer({ min: 1, max: 30 })), { maxLength: most, size: 'max' }),
    optimum: fc.constant(null),
  });

const load = ({ items }: Instance, machine: readonly number[], at: number): number =>
  machine.reduce((sum, item) => sum + (items[item]?.[at] ?? 0), 0);

function isPacking(instance: Instance, packing: Packing): boolean {
  const packed = packing.flat().sort((a, b) => a - b);
  const each = packed.length === instance.items.length && packed.every((item, at) => item === at);
  return each && packing.every((machine) => instance.capacity.every((room, at) => load(instance, machine, at) <= room));
}

/** The fewest machines, by trying everything. */
function optimum({ capacity, items }: Instance): number {
  const machines: number[][] = [];
  let best = items.length;
  const put = (item: number): void => {
    const size = items[item];
    if (machines.length >= best) return;
    if (size === undefined) {
      best = machines.length;
      return;
    }
    for (const machine of machines) {
      if (!size.every((amount, at) => amount <= (machine[at] ?? 0))) continue;
      for (const [at, amount] of size.entries()) machine[at] = (machine[at] ?? 0) - amount;
      put(item + 1);
      for (const [at, amount] of size.entries()) machine[at] = (machine[at] ?? 0) + amount;
    }
    machines.push(capacity.map((room, at) => room - (size[at] ?? 0)));
    put(item + 1);
    machines.pop();
  };
  put(0);
  return best;
}

for (const [name, heuristic] of Object.entries(HEURISTICS)) {
  test(`${name} packs each item once, no machine beyond its room, the same way each time`, (t) => {
    fc.assert(
      fc.property(instanceArbitrary(40), (instance) => {
        const packing = heuristic(instance);
        t.true(isPacking(instance, packing));
        t.deepEqual(heuristic(instance), packing);
      }),
    );
  });

  test(`${name} is never below the lower bound, nor the optimum below it`, (t) => {
    fc.assert(
      fc.property(instanceArbitrary(8), (instance) => {
        const fewest = optimum(instance);
        t.true(lowerBound(instance) <= fewest);
        t.true(heuristic(instance).length >= fewest);
      }),
      { numRuns: 200 },
    );
  });

  test(`${name} refuses an item that is larger than a machine`, (t) => {
    t.throws(
      () =>
        heuristic({
          capacity: [10, 10],
          items: [
            [1, 1],
            [1, 11],
          ],
          optimum: null,
        }),
      {
        code: 'item_too_large',
      },
    );
  });
}

test('the bounds keep their promises: half of the optimum by volume, two thirds of it by thresholds', (t) => {
  fc.assert(
    fc.property(lineArbitrary(8), (instance) => {
      const fewest = optimum(instance);
      t.true(volumeBound(instance) <= lowerBound(instance));
      t.true(volumeBound(instance) >= fewest / 2);
      t.true(lowerBound(instance) >= (fewest * 2) / 3);
    }),
    { numRuns: 300 },
  );
});

test('first fit decreasing keeps its promise of 11/9 and 6/9, first and best fit theirs of 1.7', (t) => {
  fc.assert(
    fc.property(lineArbitrary(8), (instance) => {
      const fewest = optimum(instance);
      t.true(firstFitDecreasing(instance).length <= (11 * fewest + 6) / 9);
      t.true(firstFit(instance).length <= 1.7 * fewest);
      t.true(bestFit(instance).length <= 1.7 * fewest);
    }),
    { numRuns: 300 },
  );
});

test('thresholds see what volume does not', (t) => {
  const instance: Instance = { capacity: [100], items: [[60], [60], [60], [45]], optimum: null };
  t.is(volumeBound(instance), 3);
  t.is(lowerBound({ ...instance, items: [[60], [60], [60], [41], [41], [41]] }), 5);
  t.is(
    lowerBound({
      capacity: [100, 10],
      items: [
        [1, 6],
        [1, 6],
      ],
      optimum: null,
    }),
    2,
  );
});

test('triplets fill their machines to the last unit, three items each', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer(), (machines, seed) => {
      const instance = triplets(machines, seededRandom(seed).next);
      t.is(instance.items.length, machines * 3);
      t.is(volumeBound(instance), machines);
      t.true(instance.items.every(([size = 0]) => size >= 250 && size < 500));
      const all = [...instance.items.keys()];
      t.is(load(instance, all, 0), machines * 1000);
      t.true(firstFitDecreasing(instance).length <= (11 * machines + 6) / 9);
    }),
  );
});

test('cut machines have as much volume as their optimum has room, in each dimension', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer(),
      (machines, dims, seed) => {
        const instance = cutMachines(machines, dims, seededRandom(seed).next);
        const all = [...instance.items.keys()];
        for (const at of instance.capacity.keys()) t.is(load(instance, all, at), machines * 1000);
        t.is(lowerBound(instance), machines);
        t.true(instance.items.every((size) => size.every((amount) => amount > 0)));
      },
    ),
  );
});

test('small cut machines can be packed back into as many as were cut', (t) => {
  const instance = cutMachines(2, 2, seededRandom(7).next);
  t.is(optimum(instance), 2);
});

test('a seed gives one instance', (t) => {
  t.deepEqual(uniform(50, seededRandom(1).next), uniform(50, seededRandom(1).next));
  t.notDeepEqual(triplets(20, seededRandom(1).next), triplets(20, seededRandom(2).next));
});

test('nothing needs no machine', (t) => {
  const nothing: Instance = { capacity: [10], items: [], optimum: 0 };
  t.is(lowerBound(nothing), 0);
  for (const heuristic of Object.values(HEURISTICS)) t.deepEqual(heuristic(nothing), []);
});
