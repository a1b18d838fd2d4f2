import test from 'ava';
import fc from 'fast-check';
import { pageOfWhole } from '../../src/http/whole-list.ts';

const key = (item: string) => item;

test('page after page is the whole list, once each', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 7 }), (items, limit) => {
      const read: string[] = [];
      let cursor: string | undefined;
      do {
        const page = pageOfWhole(items, key, { limit, cursor });
        t.is(page.total, items.length);
        read.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      t.deepEqual(read, items);
    }),
  );
});

test('what comes and goes before the place where a page ended shifts nothing', (t) => {
  const { nextCursor } = pageOfWhole(['b', 'c', 'd', 'e'], key, { limit: 2 });
  const cursor = nextCursor ?? '';
  t.deepEqual(pageOfWhole(['a', 'b', 'c', 'd', 'e'], key, { limit: 1, cursor }).items, ['d']);
  t.deepEqual(pageOfWhole(['c', 'd', 'e'], key, { limit: 1, cursor }).items, ['d']);
  t.deepEqual(pageOfWhole(['a', 'b', 'd', 'e'], key, { limit: 1, cursor }).items, ['d'], 'where it was itself');
});

test('a cursor that no list gave is refused, and one together with an offset', (t) => {
  const refused = { code: 'invalid_request' } as object;
  t.throws(() => pageOfWhole(['a'], key, { limit: 1, cursor: 'MQ' }), refused);
  const cursor = pageOfWhole(['a', 'b'], key, { limit: 1 }).nextCursor ?? '';
  t.throws(() => pageOfWhole(['a', 'b'], key, { limit: 1, cursor, offset: 1 }), refused);
});
