import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { toRows, wordsOf } from '../../src/planner/ask.ts';
import { type Fleet, isCandidate, readFleet } from '../../src/planner/fleet.ts';
import { createFleetMemory, type FleetMemory } from '../../src/planner/fleet-memory.ts';
import { GENERATION, type NodeState, VERSION, wordAt } from '../../src/planner/layout.ts';
import { place } from '../../src/planner/place.ts';
import { STRATEGIES } from '../../src/planner/strategies.ts';
import { ask, askArbitrary, exhaustive, node, nodeArbitrary } from './fleets.ts';
import type { ReaderData, Seen } from './threads/reader.ts';

const wordsIn = (memory: FleetMemory): Int32Array => new Int32Array(memory.current.buffer);

type Change = { readonly put: NodeState } | { readonly remove: string } | 'look';

const changeArbitrary: fc.Arbitrary<Change> = fc
  .integer({ min: 0, max: 90 })
  .chain((at) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ put: nodeArbitrary(`node-${at}`) }) },
      { weight: 3, arbitrary: fc.constant({ remove: `node-${at}` }) },
      { weight: 1, arbitrary: fc.constant('look' as const) },
    ),
  );

test('a picture that follows the memory places as looking at all nodes does, whatever is written between', (t) => {
  fc.assert(
    fc.property(
      fc.array(changeArbitrary, { maxLength: 250, size: 'max' }),
      askArbitrary,
      fc.constantFrom(...STRATEGIES),
      (changes, wanted, strategy) => {
        const memory = createFleetMemory();
        const nodes = new Map<string, NodeState>();
        let followed: { generation: number; fleet: Fleet } = { generation: 0, fleet: readFleet(wordsIn(memory)) };
        for (const change of [...changes, 'look' as const]) {
          if (change === 'look') {
            const { number } = memory.current;
            if (followed.generation !== number) followed = { generation: number, fleet: readFleet(wordsIn(memory)) };
            followed.fleet.follow(wordsIn(memory));
            const row = place(followed.fleet, toRows(wordsOf(memory.current), wanted), strategy);
            t.is(row < 0 ? null : memory.current.idOf(row), exhaustive([...nodes.values()], wanted, strategy));
          } else if ('put' in change) {
            nodes.set(change.put.id, change.put);
            memory.put(change.put);
          } else {
            nodes.delete(change.remove);
            memory.remove(change.remove);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('it grows into a new buffer, and who still reads the old one finds it whole', (t) => {
  const memory = createFleetMemory();
  memory.put(node('first', 8192));
  const before = memory.current;
  for (let at = 0; at < 500; at += 1) memory.put(node(`node-${at}`, 8192));
  t.true(memory.current.number > before.number);
  t.is(wordsIn(memory)[GENERATION], memory.current.number);
  t.is(memory.current.rowOf('node-499'), 500);
  t.is(readFleet(new Int32Array(before.buffer)).free(0).ramMb, 8192 - 1229);
  t.is(before.idOf(0), 'first');
});

test('a row is not given to another node while its generation lasts', (t) => {
  const memory = createFleetMemory();
  const { current } = memory;
  memory.put(node('old', 8192));
  memory.remove('old');
  memory.put(node('new', 8192));
  t.is(memory.current, current);
  t.is(current.idOf(0), 'old');
  t.is(current.rowOf('new'), 1);
  t.is(current.rowOf('old'), undefined);
});

test('nodes that come and go do not make the memory grow', (t) => {
  const memory = createFleetMemory();
  memory.put(node('stays', 8192));
  const { byteLength } = memory.current.buffer;
  for (let at = 0; at < 1_000; at += 1) {
    memory.put(node(`node-${at}`, 8192));
    memory.remove(`node-${at}`);
  }
  t.true(memory.current.buffer.byteLength <= byteLength * 2, `${memory.current.buffer.byteLength} bytes`);
  t.is(memory.current.rowOf('stays'), 0);
});

test('there may be more labels than bits in a word', (t) => {
  const memory = createFleetMemory();
  for (let at = 0; at < 200; at += 1) memory.put(node(`node-${at}`, 8192, { labels: [`name=${at}`, 'kind=all'] }));
  const fleet = readFleet(wordsIn(memory));
  for (const at of [0, 31, 32, 199]) {
    const wanted = ask(1024, { labels: ['kind=all', `name=${at}`] });
    t.is(place(fleet, toRows(wordsOf(memory.current), wanted), 'best_fit'), at);
  }
});

test('a node that is removed is no candidate, and one that comes back is', (t) => {
  const memory = createFleetMemory();
  memory.put(node('a', 8192));
  memory.remove('a');
  memory.remove('a');
  t.false(isCandidate(readFleet(wordsIn(memory)).flags(0)));
  memory.put(node('a', 8192));
  t.is(place(readFleet(wordsIn(memory)), toRows(wordsOf(memory.current), ask(1024)), 'best_fit'), 1);
});

test('a row that is being written is left as it was known, and read with the next question', (t) => {
  const memory = createFleetMemory();
  memory.put(node('a', 8192));
  const shared = wordsIn(memory);
  const fleet = readFleet(shared);
  memory.put(node('a', 16_384));
  const version = wordAt(fleet.layout, VERSION, 0);
  Atomics.add(shared, version, 1);
  fleet.follow(shared);
  t.is(fleet.size(0).ramMb, 8192);
  Atomics.add(shared, version, 1);
  fleet.follow(shared);
  t.is(fleet.size(0).ramMb, 16_384);
});

test('another thread never sees half of a write', async (t) => {
  const memory = createFleetMemory();
  const whole = (value: number): NodeState => {
    const all = { ramMb: value, cpuMilli: value, diskMb: value, ports: value };
    return node('a', 0, { size: all, held: { ...all, servers: 1 } });
  };
  memory.put(whole(1));
  const signals = new Int32Array(new SharedArrayBuffer(8));
  const reader = new Worker(new URL('./threads/reader.ts', import.meta.url), {
    workerData: { buffer: memory.current.buffer, signals: signals.buffer as SharedArrayBuffer } satisfies ReaderData,
  });
  const seen: Promise<Seen[]> = once(reader, 'message') as Promise<Seen[]>;
  const deadline = performance.now() + 60_000;
  for (let value = 1; Atomics.load(signals, 0) < 1_000 && performance.now() < deadline; value += 1) {
    memory.put(whole(value));
  }
  Atomics.store(signals, 1, 1);
  const [{ torn, writes } = { torn: -1, writes: 0 }] = await seen;
  await reader.terminate();
  t.is(torn, 0);
  t.true(writes >= 1_000, `the reader saw ${writes} writes`);
});
