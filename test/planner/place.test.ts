import test from 'ava';
import fc from 'fast-check';
import { type Ask, toRows, wordsOf } from '../../src/planner/ask.ts';
import { readFleet } from '../../src/planner/fleet.ts';
import type { NodeState } from '../../src/planner/layout.ts';
import { place } from '../../src/planner/place.ts';
import { STRATEGIES, type Strategy } from '../../src/planner/strategies.ts';
import { ask, askArbitrary, exhaustive, mayTake, memoryOf, node, nodesArbitrary, withServer } from './fleets.ts';

function placed(nodes: readonly NodeState[], wanted: Ask, strategy: Strategy = 'best_fit'): string | null {
  const { current } = memoryOf(nodes);
  const row = place(readFleet(new Int32Array(current.buffer)), toRows(wordsOf(current), wanted), strategy);
  return row < 0 ? null : current.idOf(row);
}

for (const strategy of STRATEGIES) {
  test(`${strategy} finds the node that looking at all nodes finds`, (t) => {
    fc.assert(
      fc.property(nodesArbitrary(), askArbitrary, (nodes, wanted) => {
        t.is(placed(nodes, wanted, strategy), exhaustive(nodes, wanted, strategy));
      }),
      { numRuns: 1_000 },
    );
  });

  test(`${strategy} goes on finding it while a fleet fills, in the picture that it books in, and never gives out too much`, (t) => {
    fc.assert(
      fc.property(nodesArbitrary(), fc.array(askArbitrary, { maxLength: 40 }), (nodes, asks) => {
        const now = [...nodes];
        const { current } = memoryOf(nodes);
        const fleet = readFleet(new Int32Array(current.buffer));
        for (const wanted of asks) {
          const row = place(fleet, toRows(wordsOf(current), wanted), strategy);
          t.is(row < 0 ? null : current.idOf(row), exhaustive(now, wanted, strategy));
          const chosen = now[row];
          if (chosen === undefined) continue;
          t.true(mayTake(chosen, wanted));
          fleet.book(row, wanted);
          now[row] = withServer(chosen, wanted);
        }
      }),
    );
  });
}

test('the node that has the data comes before a dedicated one, and that before the best fit of a cloud', (t) => {
  const nodes = [node('cloud', 8192), node('dedicated', 65_536, { dedicated: true }), node('data', 131_072)];
  t.is(placed(nodes, ask(1024, { dataOn: 'data' })), 'data');
  t.is(placed(nodes, ask(1024)), 'dedicated');
  t.is(placed([node('large', 16_384), node('cloud', 8192)], ask(1024)), 'cloud');
});

test('data on a node that may not take it does not help', (t) => {
  const nodes = [node('other', 8192), node('data', 8192, { cordoned: true })];
  t.is(placed(nodes, ask(1024, { dataOn: 'data' })), 'other');
  t.is(placed(nodes, ask(1024, { dataOn: 'gone' })), 'other');
});

test('spread takes the least used node, worst fit the one with the most room', (t) => {
  const held = { ramMb: 10_000, cpuMilli: 0, diskMb: 0, ports: 0, servers: 1 };
  const nodes = [node('small and empty', 16_384), node('large and used', 65_536, { held })];
  t.is(placed(nodes, ask(1024), 'spread'), 'small and empty');
  t.is(placed(nodes, ask(1024), 'worst_fit'), 'large and used');
});

test('round robin goes round', (t) => {
  const nodes = [node('a', 8192), node('b', 8192, { cordoned: true }), node('c', 8192)];
  t.is(placed(nodes, ask(1024, { after: 'a' }), 'round_robin'), 'c');
  t.is(placed(nodes, ask(1024, { after: 'c' }), 'round_robin'), 'a');
});

test('a machine whose cores are given out still takes a server that asks for none', (t) => {
  const held = { ramMb: 0, cpuMilli: 8000, diskMb: 0, ports: 0, servers: 4 };
  const nodes = [node('busy', 8192, { held }), node('idle', 32_768)];
  t.is(placed(nodes, ask(1024)), 'busy');
  t.is(placed(nodes, ask(1024, { cpuMilli: 500 })), 'idle');
});
