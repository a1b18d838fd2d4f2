import test from 'ava';
import fc from 'fast-check';
import { FleetWorld } from './fleet-world.ts';

const policies = fc.array(fc.constantFrom<'wait' | 'fresh'>('wait', 'fresh'), { minLength: 1, maxLength: 3 });
const steps = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 10, maxLength: 120, size: 'max' });

/** What a failure tells is its whole story; making it shorter would take longer than reading it. */
const RUNS = { numRuns: 300, endOnFailure: true };

/** Traffic and effects more often than faults, and faults more often than commands. */
function run(world: FleetWorld, numbers: readonly number[]): void {
  for (const number of numbers) {
    const { traffic, effects, faults, commands } = world.moves();
    const kinds = [traffic, effects, effects, faults, traffic, effects, faults, commands];
    const choices = kinds[number % 8] ?? [];
    world.step(choices[Math.floor(number / 8) % Math.max(1, choices.length)]);
  }
}

test('no server is unfrozen in two places, or anywhere but at its home, whatever is lost, late or comes back', (t) => {
  fc.assert(
    fc.property(policies, steps, (of, numbers) => {
      run(new FleetWorld(of), numbers);
    }),
    RUNS,
  );
  t.pass();
});

test('once every node is back and everything is quiet, no server is lost and none is stuck', (t) => {
  fc.assert(
    fc.property(policies, steps, (of, numbers) => {
      const world = new FleetWorld(of);
      run(world, numbers);
      world.settle();
      world.checkQuiet();
    }),
    RUNS,
  );
  t.pass();
});

test('once a node is dead and everything is quiet, its servers run elsewhere or wait for nobody but it, by policy', (t) => {
  fc.assert(
    fc.property(policies, steps, (of, numbers) => {
      const world = new FleetWorld(of);
      run(world, numbers);
      world.settle('n1');
      world.checkQuiet('n1');
    }),
    RUNS,
  );
  t.pass();
});
