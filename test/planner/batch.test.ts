import test from 'ava';
import fc from 'fast-check';
import { type Ask, toRows, wordsOf } from '../../src/planner/ask.ts';
import { RESOURCES, type Resource, type Resources, usableRamMb } from '../../src/planner/fit.ts';
import { type Fleet, readFleet } from '../../src/planner/fleet.ts';
import type { NodeState } from '../../src/planner/layout.ts';
import { placeBatch } from '../../src/planner/place.ts';
import { STRATEGIES, type Strategy } from '../../src/planner/strategies.ts';
import {
  ask,
  askArbitrary,
  exhaustive,
  freeOn,
  mayTake,
  memoryOf,
  node,
  nodesArbitrary,
  resourcesArbitrary,
  type Weigh,
  withServer,
} from './fleets.ts';

interface Picture {
  readonly fleet: Fleet;
  readonly run: (asks: readonly Ask[], strategy?: Strategy) => number[];
}

function picture(nodes: readonly NodeState[]): Picture {
  const { current } = memoryOf(nodes);
  const fleet = readFleet(new Int32Array(current.buffer));
  const words = wordsOf(current);
  const run: Picture['run'] = (asks, strategy = 'best_fit') => [
    ...placeBatch(
      fleet,
      asks.map((one) => toRows(words, one)),
      strategy,
    ),
  ];
  return { fleet, run };
}

const batchArbitrary = fc.array(askArbitrary, { maxLength: 40 });
const strategyArbitrary = fc.constantFrom(...STRATEGIES);

/** The nodes as they are when all of the batch is on them. */
function filled(nodes: readonly NodeState[], asks: readonly Ask[], rows: readonly number[]): NodeState[] {
  const now = [...nodes];
  for (const [at, row] of rows.entries()) {
    const [one, wanted] = [now[row], asks[at]];
    if (one !== undefined && wanted !== undefined) now[row] = withServer(one, wanted);
  }
  return now;
}

/** A share of an average machine, of each resource by the share of the fleet that is held and asked for; in millionths. */
function weighFor(nodes: readonly NodeState[], asks: readonly Ask[]): Weigh {
  const total = (all: readonly Resources[], resource: Resource): number =>
    all.reduce((sum, one) => sum + one[resource], 0);
  const sizes = nodes.map(({ size }) => size);
  const wanted = [...asks, ...nodes.map(({ held }) => held)];
  const shares = RESOURCES.map((resource) => {
    const has = total(sizes, resource);
    return has === 0 ? 0 : total(wanted, resource) / has;
  });
  const all = shares.reduce((sum, share) => sum + share, 0);
  if (all === 0) return ({ ramMb }) => ramMb;
  const unit = RESOURCES.map((resource, at) => {
    const has = total(sizes, resource);
    return has === 0 ? 0 : (((shares[at] ?? 0) / all) * 1e6 * nodes.length) / has;
  });
  return (one) => Math.floor(RESOURCES.reduce((sum, resource, at) => sum + one[resource] * (unit[at] ?? 0), 0));
}

test('a batch is the heaviest first, each on the node that is best of all with the heavier ones on their nodes', (t) => {
  fc.assert(
    fc.property(nodesArbitrary(), batchArbitrary, (nodes, asks) => {
      const rows = picture(nodes).run(asks);
      const now = [...nodes];
      const groups = new Map<string, string[]>();
      const weigh = weighFor(nodes, asks);
      const order = [...asks.keys()].sort((a, b) => {
        const [x, y] = [asks[a] ?? ask(0), asks[b] ?? ask(0)];
        return weigh(y) - weigh(x) || RESOURCES.map((one) => y[one] - x[one]).find((d) => d !== 0) || a - b;
      });
      for (const at of order) {
        const wanted = asks[at] ?? ask(0);
        const apart = groups.get(wanted.group ?? '') ?? [];
        const avoid = [...(wanted.avoid ?? []), ...(wanted.group === undefined ? [] : apart)];
        const expected = exhaustive(now, { ...wanted, avoid }, 'best_fit', weigh);
        const chosen = now[rows[at] ?? -1];
        t.is(chosen?.id ?? null, expected);
        if (chosen === undefined) continue;
        now[rows[at] ?? -1] = withServer(chosen, wanted);
        groups.set(wanted.group ?? '', [...apart, chosen.id]);
      }
    }),
    { numRuns: 300 },
  );
});

test('where only RAM is wanted, a batch is placed by RAM alone', (t) => {
  fc.assert(
    fc.property(nodesArbitrary(), fc.array(fc.integer({ min: 1, max: 6000 }), { maxLength: 30 }), (nodes, wanted) => {
      const asks = wanted.sort((a, b) => b - a).map((ramMb) => ask(ramMb));
      const bare = nodes.map((one) => ({ ...one, held: { ...one.held, cpuMilli: 0, diskMb: 0, ports: 0 } }));
      const now = [...bare];
      for (const [at, row] of picture(bare).run(asks).entries()) {
        const [one, chosen] = [asks[at] ?? ask(0), now[row]];
        const best = now.find(({ id }) => id === exhaustive(now, one, 'best_fit'));
        t.is(chosen === undefined, best === undefined);
        if (chosen === undefined || best === undefined) continue;
        // In millionths of a machine, nodes that differ by a fraction of a megabyte weigh the same.
        t.true(Math.abs(freeOn(chosen).ramMb - freeOn(best).ramMb) <= 1);
        now[row] = withServer(chosen, one);
      }
    }),
  );
});

test('no batch gives out more than there is, nor leaves out a server that still fits', (t) => {
  fc.assert(
    fc.property(nodesArbitrary(), batchArbitrary, strategyArbitrary, (nodes, wantedOf, strategy) => {
      const asks = wantedOf.map((one) => ({ ...one, ramMb: one.ramMb + 1 }));
      const rows = picture(nodes).run(asks, strategy);
      const now = filled(nodes, asks, rows);
      for (const [at, one] of now.entries()) {
        const before = nodes[at];
        if (before === undefined || before.held.servers === one.held.servers) continue;
        t.true(one.held.cpuMilli <= Math.max(one.size.cpuMilli, before.held.cpuMilli));
        t.true(one.held.diskMb <= Math.max(one.size.diskMb, before.held.diskMb));
        t.true(one.held.ports <= Math.max(one.size.ports, before.held.ports));
        t.true(one.held.ramMb <= usableRamMb(one.size.ramMb, one.held.servers));
      }
      for (const [at, wanted] of asks.entries()) {
        if ((rows[at] ?? -1) >= 0) continue;
        const others = asks.flatMap((one, other) =>
          wanted.group !== undefined && one.group === wanted.group ? [nodes[rows[other] ?? -1]?.id ?? ''] : [],
        );
        const avoid = [...(wanted.avoid ?? []), ...others];
        t.false(now.some((one) => mayTake(one, { ...wanted, avoid })));
      }
    }),
    { numRuns: 300 },
  );
});

test('servers of one group never share a node', (t) => {
  fc.assert(
    fc.property(nodesArbitrary(), batchArbitrary, strategyArbitrary, (nodes, asks, strategy) => {
      const rows = picture(nodes).run(asks, strategy);
      const taken = asks.flatMap(({ group }, at) =>
        group !== undefined && (rows[at] ?? -1) >= 0 ? [`${group} on ${rows[at]}`] : [],
      );
      t.is(new Set(taken).size, taken.length);
    }),
  );
});

test('the order in which equals come does not change how the fleet is filled', (t) => {
  fc.assert(
    fc.property(
      nodesArbitrary(),
      fc
        .array(resourcesArbitrary, { maxLength: 30 })
        .chain((asks) => fc.tuple(fc.constant(asks), fc.shuffledSubarray(asks, { minLength: asks.length }))),
      (nodes, [asks, shuffled]) => {
        const { run } = picture(nodes);
        t.deepEqual(filled(nodes, asks, run(asks)), filled(nodes, shuffled, run(shuffled)));
      },
    ),
  );
});

test('the same batch gives the same answer, and leaves the picture as it was', (t) => {
  fc.assert(
    fc.property(nodesArbitrary(), batchArbitrary, strategyArbitrary, (nodes, asks, strategy) => {
      const { fleet, run } = picture(nodes);
      const before = nodes.map((_, row) => fleet.free(row));
      const first = run(asks, strategy);
      t.deepEqual(run(asks, strategy), first);
      t.deepEqual(
        nodes.map((_, row) => fleet.free(row)),
        before,
      );
    }),
  );
});

test('a large server that came last finds its room', (t) => {
  const { run } = picture([node('a', 8192), node('b', 8192)]);
  const small = ask(2048);
  t.deepEqual(run([small, small, small, ask(6000)]), [1, 1, 1, 0]);
});

test('round robin goes on where the server before it in the batch was placed', (t) => {
  const { run } = picture([node('a', 8192), node('b', 8192), node('c', 8192)]);
  t.deepEqual(run([ask(1024, { after: 'a' }), ask(1024), ask(1024), ask(1024)], 'round_robin'), [1, 2, 0, 1]);
});
