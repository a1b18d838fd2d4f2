import test from 'ava';
import { createLoader } from '../../src/actors/loader.ts';
import type { StoredActor } from '../../src/actors/store.ts';
import type { Address } from '../../src/actors/types.ts';

/** A store whose reads end when they are let. */
function heldStore() {
  const reads: { readonly addresses: readonly Address[]; end(): void }[] = [];
  return {
    reads,
    load: (addresses: readonly Address[]) =>
      new Promise<readonly StoredActor[]>((resolve) => {
        const actors = addresses.map((address) => ({ address }) as StoredActor);
        reads.push({ addresses, end: () => resolve(actors.filter(({ address }) => address !== 'lamp/nobody')) });
      }),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('Actors that are asked for while others are read are read together after them', async (t) => {
  const store = heldStore();
  const load = createLoader(store, 10);
  const first = [load('lamp/a'), load('lamp/b'), load('lamp/a')];
  await settled();
  const later = [load('lamp/c')];
  await settled();
  later.push(load('lamp/nobody'), load('lamp/a'));
  await settled();
  t.deepEqual(
    store.reads.map(({ addresses }) => addresses),
    [['lamp/a', 'lamp/b']],
  );
  store.reads[0]?.end();
  t.deepEqual(
    (await Promise.all(first)).map((actor) => actor?.address),
    ['lamp/a', 'lamp/b', 'lamp/a'],
  );
  await settled();
  t.deepEqual(store.reads[1]?.addresses, ['lamp/c', 'lamp/nobody', 'lamp/a'], 'the second a is read anew');
  store.reads[1]?.end();
  t.deepEqual(
    (await Promise.all(later)).map((actor) => actor?.address),
    ['lamp/c', undefined, 'lamp/a'],
  );
});

test('More than one go holds are read in several, and a read that fails fails those it was for', async (t) => {
  const sizes: number[] = [];
  const load = createLoader(
    {
      async load(addresses) {
        sizes.push(addresses.length);
        if (sizes.length === 2) throw new Error('away');
        return addresses.map((address) => ({ address }) as StoredActor);
      },
    },
    10,
  );
  const all = await Promise.allSettled(Array.from({ length: 1_100 }, (_, n) => load(`lamp/${n}`)));
  t.deepEqual(sizes, [500, 500, 100]);
  t.deepEqual(
    all.map(({ status }) => status === 'rejected'),
    Array.from({ length: 1_100 }, (_, n) => n >= 500 && n < 1_000),
  );
});
