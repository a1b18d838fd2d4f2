import test from 'ava';
import fc from 'fast-check';
import { toRows, wordsOf } from '../../src/planner/ask.ts';
import { sentence } from '../../src/planner/explain.ts';
import { createInlinePlanner, type Verdict } from '../../src/planner/index.ts';
import { STRATEGIES } from '../../src/planner/strategies.ts';
import { ask, askArbitrary, mayTake, memoryOf, node, nodeArbitrary, nodesArbitrary } from './fleets.ts';

const of = (verdicts: readonly Verdict[], id: string): Verdict | undefined => verdicts.find((one) => one.node === id);

test('the explanation ranks first what would be chosen, and refuses exactly the nodes that may not take it', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      nodesArbitrary(),
      askArbitrary,
      fc.constantFrom(...STRATEGIES),
      async (nodes, wanted, strategy) => {
        const planner = createInlinePlanner({ memory: memoryOf(nodes), strategy });
        const verdicts = await planner.explain(wanted);
        t.is(verdicts.find(({ rank }) => rank === 1)?.node ?? null, await planner.place(wanted));
        t.is(verdicts.length, nodes.length);
        for (const one of nodes) {
          const verdict = of(verdicts, one.id);
          t.is(verdict?.obstacles.length === 0, mayTake(one, wanted));
          t.is(verdict?.rank !== null, mayTake(one, wanted));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('the second in rank is what would be chosen without the first', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      nodesArbitrary(),
      askArbitrary,
      fc.constantFrom(...STRATEGIES),
      async (nodes, wanted, strategy) => {
        const planner = createInlinePlanner({ memory: memoryOf(nodes), strategy });
        const [first, second] = await planner.explain(wanted);
        if (first?.rank !== 1) return;
        const avoid = [...(wanted.avoid ?? []), first.node];
        t.is(await planner.place({ ...wanted, avoid }), second?.rank === 2 ? second.node : null);
      },
    ),
  );
});

test('each obstacle is named, and reads as a sentence', async (t) => {
  const planner = createInlinePlanner({
    memory: memoryOf([
      node('starting', 8192, { ready: false, healthy: false }),
      node('drained', 8192, { cordoned: true }),
      node('ours', 8192, { system: true }),
      node('abroad', 8192, { labels: ['region=nbg'] }),
      node('full', 2048, { labels: ['region=fsn'] }),
      node('same', 8192, { labels: ['region=fsn'] }),
    ]),
  });
  const verdicts = await planner.explain(ask(4096, { cpuMilli: 9500, labels: ['region=fsn'], avoid: ['same'] }));
  const said = Object.fromEntries(verdicts.map(({ node: id, obstacles }) => [id, obstacles.map(sentence)]));
  const label = 'It has not all of the labels that are asked for.';
  const cores = '9.5 cores are needed, and 8 cores are free.';
  t.deepEqual(said, {
    starting: ['It is not ready.', 'It does not answer as it should.', label, cores],
    drained: ['It takes no new servers.', label, cores],
    ours: ['It carries Baton itself.', label, cores],
    abroad: [label, cores],
    full: ['4096 MB of RAM are needed, and 1024 MB of RAM are free.', cores],
    same: ['It has a server of the same group, or refused this one.', cores],
  });
});

test('what would be if the fleet were another is what is when it is', async (t) => {
  const added = fc.tuple(nodeArbitrary('bought-1'), nodeArbitrary('bought-2'));
  const asks = fc.array(askArbitrary, { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(nodesArbitrary(), added, asks, async (nodes, bought, wanted) => {
      const without = nodes.slice(0, 2).map(({ id }) => id);
      const labelled = bought.map((one) => ({ ...one, labels: [...one.labels, 'nobody=has'] }));
      const memory = memoryOf(nodes);
      const supposed = await createInlinePlanner({ memory }).whatIf({ without, added: labelled, asks: wanted });
      for (const id of without) memory.remove(id);
      for (const one of labelled) memory.put(one);
      t.deepEqual(supposed, await createInlinePlanner({ memory }).placeBatch(wanted));
    }),
    { numRuns: 300 },
  );
});

test('a label that no node has is numbered like none that a node has', (t) => {
  const { current } = memoryOf([node('a', 8192, { labels: ['x'] })]);
  const { labels } = toRows(wordsOf(current), ask(1, { labels: ['x', 'y'] }));
  t.deepEqual(labels, [0, 1]);
});
