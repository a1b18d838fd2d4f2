import { tmpdir } from 'node:os';
import test from 'ava';
import { changesOf, specOf } from '../../src/conductor/configure.ts';
import type { ServerRow } from '../../src/conductor/interfaces/reads.ts';
import type { BatonError } from '../../src/errors.ts';
import { createGames } from '../../src/games/index.ts';

const games = await createGames({ cacheDir: tmpdir() });

const SQUID = { name: 'meadow', template: 'flying-squid' };

/** Code of the refusal, and the paths that it names. */
function refusal(run: () => unknown): readonly [string, readonly string[]] {
  try {
    run();
  } catch (thrown) {
    const { code, details } = thrown as BatonError;
    return [code, (details.issues as { path: string }[]).map(({ path }) => path)];
  }
  throw new Error('it was taken');
}

test('every fault of what is asked for names its path', (t) => {
  t.deepEqual(
    refusal(() => specOf(games, { ...SQUID, template: 'chess' })),
    ['unknown_template', ['template']],
  );
  t.deepEqual(
    refusal(() => specOf(games, { ...SQUID, ramMb: 64 })),
    ['ram_too_small', ['ram_mb']],
  );
  t.deepEqual(
    refusal(() => specOf(games, { ...SQUID, env: { VIEW_DISTANCE: 'far' } })),
    ['invalid_request', ['env.VIEW_DISTANCE']],
  );
});

test('an image that Baton builds has one tag; one from a registry may have any', (t) => {
  const spec = specOf(games, SQUID);
  t.deepEqual(
    refusal(() => specOf(games, { ...SQUID, imageTag: 'latest' })),
    ['image_tag_fixed', ['image_tag']],
  );
  t.is(specOf(games, { ...SQUID, imageTag: spec.imageTag }).imageTag, spec.imageTag);
  t.deepEqual(
    refusal(() => changesOf(games, spec as unknown as ServerRow, { imageTag: 'latest' })),
    ['image_tag_fixed', ['image_tag']],
  );
  const java = { name: 'java', template: 'minecraft-java', env: { EULA: 'TRUE' }, imageTag: 'java21' };
  t.is(specOf(games, java).imageTag, 'java21');
});
