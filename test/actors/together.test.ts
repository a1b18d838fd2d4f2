import test from 'ava';
import { together } from '../../src/actors/together.ts';

test('what comes while a write is under way is written in one go after it', async (t) => {
  const writes: { readonly items: readonly string[]; end(): void }[] = [];
  const write = together(
    (items: readonly string[]) =>
      new Promise<readonly string[]>((resolve) =>
        writes.push({ items, end: () => resolve(items.map((item) => item.toUpperCase())) }),
      ),
    3,
  );
  const moment = () => new Promise((resolve) => setImmediate(resolve));
  const all = [write('a'), write('b')];
  await moment();
  all.push(write('c'), write('d'), write('e'), write('f'));
  await moment();
  t.is(writes.length, 1);
  for (let n = 0; n < 3; n += 1) {
    writes[n]?.end();
    await moment();
  }
  t.deepEqual(await Promise.all(all), ['A', 'B', 'C', 'D', 'E', 'F']);
  t.deepEqual(
    writes.map(({ items }) => items),
    [['a', 'b'], ['c', 'd', 'e'], ['f']],
  );
});

test('one that cannot be written fails alone', async (t) => {
  const written: string[] = [];
  const write = together(
    async (items: readonly string[]) => {
      if (items.includes('bad')) throw new Error('bad');
      written.push(...items);
      return items;
    },
    10,
    () => true,
  );
  const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map(write));
  t.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  t.deepEqual(written, ['a', 'b']);
});

test('a fault of all of them is not tried again for each', async (t) => {
  let tries = 0;
  const write = together<string, void>(
    async () => {
      tries += 1;
      throw new Error('away');
    },
    10,
    () => false,
  );
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(write));
  t.true(outcomes.every(({ status }) => status === 'rejected'));
  t.is(tries, 1);
});
