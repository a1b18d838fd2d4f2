import test from 'ava';
import fc from 'fast-check';
import { fits, freeFor, heldBy, lacking, RESOURCES, systemReserveMb } from '../../src/planner/fit.ts';
import { readFleet } from '../../src/planner/fleet.ts';
import { freeOn, memoryOf, nodesArbitrary, resourcesArbitrary, sizeArbitrary } from './fleets.ts';

test('what fits a plain object fits the same row of shared memory, and the other way round', (t) => {
  fc.assert(
    fc.property(nodesArbitrary(), resourcesArbitrary, (nodes, wanted) => {
      const fleet = readFleet(new Int32Array(memoryOf(nodes).current.buffer));
      for (const [row, one] of nodes.entries()) {
        t.deepEqual(fleet.free(row), freeOn(one));
        t.is(fits(fleet.free(row), wanted), fits(freeOn(one), wanted));
      }
    }),
  );
});

test('it fits exactly when no resource is lacking', (t) => {
  fc.assert(
    fc.property(sizeArbitrary, resourcesArbitrary, (free, wanted) => {
      t.is(lacking(free, wanted).length === 0, fits(free, wanted));
    }),
  );
});

test('what fits still fits when more is free or less is asked', (t) => {
  fc.assert(
    fc.property(sizeArbitrary, resourcesArbitrary, resourcesArbitrary, (free, wanted, more) => {
      if (!fits(free, wanted)) return;
      const larger = { ...free };
      const smaller = { ...wanted };
      for (const resource of RESOURCES) {
        larger[resource] += more[resource];
        smaller[resource] = Math.min(wanted[resource], more[resource]);
      }
      t.true(fits(larger, wanted));
      t.true(fits(free, smaller));
    }),
  );
});

test('an ask of 0 asks nothing, even of a machine that shrank below what it has given out', (t) => {
  const free = { ramMb: 1000, cpuMilli: -2000, diskMb: 1000, ports: 1 };
  t.true(fits(free, { ramMb: 1000, cpuMilli: 0, diskMb: 1000, ports: 1 }));
  t.deepEqual(lacking(free, { ramMb: 1000, cpuMilli: 1, diskMb: 1000, ports: 1 }), ['cpuMilli']);
});

test('an ask of 0 milli-cores fits where no core is left, and one of 1 does not', (t) => {
  const free = { ramMb: 1000, cpuMilli: 0, diskMb: 1000, ports: 1 };
  t.true(fits(free, { ramMb: 1000, cpuMilli: 0, diskMb: 1000, ports: 1 }));
  t.deepEqual(lacking(free, { ramMb: 1001, cpuMilli: 1, diskMb: 1001, ports: 2 }), [
    'ramMb',
    'cpuMilli',
    'diskMb',
    'ports',
  ]);
});

test('what was given out by the rule never exceeds what is usable, however small machines change their reserve', (t) => {
  fc.assert(
    fc.property(sizeArbitrary, fc.array(resourcesArbitrary, { maxLength: 60 }), (size, wanted) => {
      const given: (typeof wanted)[number][] = [];
      for (const { ramMb, ...others } of wanted) {
        const one = { ...others, ramMb: ramMb + 1 };
        if (fits(freeFor(size, heldBy(given)), one)) given.push(one);
      }
      const held = heldBy(given);
      t.true(held.ramMb <= size.ramMb - systemReserveMb(size.ramMb, held.servers));
      t.true(held.cpuMilli <= size.cpuMilli && held.diskMb <= size.diskMb && held.ports <= size.ports);
    }),
  );
});
