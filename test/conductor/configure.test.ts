import test from 'ava';
import { changesOf, specOf } from '../../src/conductor/configure.ts';
import type { ServerRow } from '../../src/conductor/interfaces/reads.ts';
import type { BatonError } from '../../src/errors.ts';
import type { ServerSpec } from '../../src/machines/server/index.ts';
import { games } from '../games/helpers/targets.ts';
import { running } from '../machines/server-stations.ts';

const SQUID = { name: 'meadow', template: 'flying-squid' };
const spec = specOf(games, SQUID);
const rowOf = (of: ServerSpec) => of as unknown as ServerRow;

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

test('a fault of what is asked for names its path', (t) => {
  const refused = (more: object) => refusal(() => specOf(games, { ...SQUID, ...more }));
  t.deepEqual(refused({ template: 'chess' }), ['unknown_template', ['template']]);
  t.deepEqual(refused({ ramMb: 64 }), ['ram_too_small', ['ram_mb']]);
  t.deepEqual(refused({ env: { VIEW_DISTANCE: 'far' } }), ['invalid_request', ['env.VIEW_DISTANCE']]);
});

test('an image that Baton builds has one tag; one from a registry may have any', (t) => {
  const fixed = ['image_tag_fixed', ['image_tag']];
  t.deepEqual(
    refusal(() => specOf(games, { ...SQUID, imageTag: 'latest' })),
    fixed,
  );
  t.deepEqual(
    refusal(() => changesOf(games, rowOf(spec), { imageTag: 'latest' })),
    fixed,
  );
  t.is(specOf(games, { ...SQUID, imageTag: spec.imageTag }).imageTag, spec.imageTag);
  const java = { name: 'java', template: 'minecraft-java', env: { EULA: 'TRUE' }, imageTag: 'java21' };
  t.is(specOf(games, java).imageTag, 'java21');
});

test('two changes that were made of the same row both stand, in whatever order they are taken', (t) => {
  const one = changesOf(games, rowOf(spec), { env: { MOTD: 'Hello' } });
  const other = changesOf(games, rowOf(spec), { ramMb: 1024, env: { MAX_PLAYERS: '20', GREETING: 'Hi' } });
  for (const order of [
    [one, other],
    [other, one],
  ]) {
    const server = running(spec);
    for (const changes of order) t.truthy(server.command('configure', { ...changes }));
    const env = { ...spec.env, MOTD: 'Hello', MAX_PLAYERS: '20', GREETING: 'Hi' };
    t.deepEqual(server.context.spec, { ...spec, ramMb: 1024, env });
    t.true(server.context.restartPending);
  }
});

test('what is asked again counts, although the row that was read has it already', (t) => {
  const server = running(spec);
  const asked = changesOf(games, rowOf(spec), { ramMb: spec.ramMb, env: { MOTD: spec.env.MOTD ?? '' } });
  server.command('configure', { changes: { ramMb: 4096 }, env: { MOTD: 'Others' } });
  server.command('configure', { ...asked });
  t.deepEqual(server.context.spec, spec);
});

test('a variable that is removed goes back to its default, or is gone', (t) => {
  const server = running({ ...spec, env: { ...spec.env, MOTD: 'Hello', GREETING: 'Hi' } });
  const { changes, env } = changesOf(games, rowOf(server.context.spec), { env: { MOTD: null, GREETING: null } });
  t.deepEqual(env, { MOTD: spec.env.MOTD ?? '', GREETING: null });
  server.command('configure', { changes, env });
  t.deepEqual(server.context.spec.env, spec.env);
});

test('a server waits for a restart when what changed is in its container', (t) => {
  const pending = (change: Record<string, unknown>) => {
    const server = running(spec);
    server.command('configure', { changes: {}, ...change });
    return server.context.restartPending;
  };
  t.true(pending({ env: { MOTD: 'Hello' } }));
  t.false(pending({ env: { MOTD: 'Hello' }, liveEnv: ['MOTD'] }));
  t.true(pending({ env: { MOTD: 'Hello', MAX_PLAYERS: '20' }, liveEnv: ['MOTD'] }));
  t.false(pending({ env: { MOTD: spec.env.MOTD, GREETING: null } }));
  t.true(pending({ changes: { cpu: 2 } }));
  t.false(pending({ changes: { cpu: spec.cpu, name: 'hub' } }));
});
