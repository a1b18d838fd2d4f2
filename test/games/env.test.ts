import test from 'ava';
import { games, thrownBy } from './helpers/targets.ts';

const minecraft = games.template('minecraft-java');
const zomboid = games.template('zomboid');

const issuesOf = async (template: typeof minecraft, env: Record<string, string>) => {
  const { code, details } = await thrownBy(() => games.resolveEnv(template, env));
  return { code, issues: details?.issues ?? [] };
};

test('defaults are filled in, and what the caller says wins', (t) => {
  const env = games.resolveEnv(minecraft, { EULA: 'TRUE', TYPE: 'PAPER' });
  t.is(env.TYPE, 'PAPER');
  t.is(env.VERSION, 'LATEST');
});

test('variables that the template does not know are kept', (t) => {
  t.is(games.resolveEnv(minecraft, { EULA: 'TRUE', USE_AIKAR_FLAGS: 'true' }).USE_AIKAR_FLAGS, 'true');
});

test('a server without the accepted licence is refused, with the place of the licence', async (t) => {
  for (const env of [{}, { EULA: 'FALSE' }] as Record<string, string>[]) {
    const { code, issues } = await issuesOf(minecraft, env);
    t.is(code, 'invalid_request');
    t.deepEqual(issues, [
      { path: 'env.EULA', message: 'must be TRUE, which accepts the licence at https://www.minecraft.net/eula' },
    ]);
  }
});

test('what the template fixes cannot be set', async (t) => {
  const { issues } = await issuesOf(minecraft, {
    EULA: 'TRUE',
    RCON_PORT: '1',
    ENABLE_RCON: 'false',
    SERVER_PORT: '2',
  });
  t.deepEqual(
    issues.map(({ path }) => path),
    ['env.RCON_PORT', 'env.ENABLE_RCON', 'env.SERVER_PORT'],
  );
});

test('the variable of a port that is the same inside and outside cannot be set', async (t) => {
  const { issues } = await issuesOf(zomboid, { ADMIN_PASSWORD: 'abcdefgh', DEFAULT_PORT: '1' });
  t.deepEqual(
    issues.map(({ path }) => path),
    ['env.DEFAULT_PORT'],
  );
});

test('saying what the template fixes anyway is no fault and is not stored', (t) => {
  t.false('RCON_PORT' in games.resolveEnv(minecraft, { EULA: 'TRUE', RCON_PORT: '25575' }));
});

test('every fault of an environment is told at once', async (t) => {
  const env = { 'NO-NAME': 'x', MAX_PLAYERS: 'many', MOD_NAMES: 'a\0b' };
  const { issues } = await issuesOf(zomboid, env);
  t.deepEqual(
    issues.map(({ path }) => path),
    ['env.NO-NAME', 'env.MOD_NAMES', 'env.ADMIN_PASSWORD', 'env.MAX_PLAYERS'],
  );
});

test('a pattern must match the whole value', async (t) => {
  const { issues } = await issuesOf(zomboid, { ADMIN_PASSWORD: 'abcdefgh; rm', SERVER_NAME: 'ok' });
  t.deepEqual(
    issues.map(({ path }) => path),
    ['env.ADMIN_PASSWORD'],
  );
});

test('each server gets a console password of its own, unless it brings one', (t) => {
  const [one, two] = [games.resolveEnv(minecraft, { EULA: 'TRUE' }), games.resolveEnv(minecraft, { EULA: 'TRUE' })];
  t.regex(one.RCON_PASSWORD ?? '', /^[0-9a-f]{32}$/);
  t.not(one.RCON_PASSWORD, two.RCON_PASSWORD);
  t.is(games.resolveEnv(minecraft, { EULA: 'TRUE', RCON_PASSWORD: 'correct-horse' }).RCON_PASSWORD, 'correct-horse');
});

test('resolving an environment that was resolved before changes nothing', (t) => {
  const env = games.resolveEnv(minecraft, { EULA: 'TRUE' });
  t.deepEqual(games.resolveEnv(minecraft, env), env);
});

test('passwords are secret', (t) => {
  t.deepEqual([...games.secretNames(zomboid)], ['ADMIN_PASSWORD', 'SERVER_PASSWORD', 'RCON_PASSWORD']);
  t.deepEqual([...games.secretNames(minecraft)], ['RCON_PASSWORD']);
});

test('the container gets what the template fixes, RAM and ports', (t) => {
  const env = games.resolveEnv(zomboid, { ADMIN_PASSWORD: 'abcdefgh' });
  const given = games.containerEnv(zomboid, env, {
    ramMb: 4000,
    ports: [
      { name: 'game', container: 30001, host: 30001 },
      { name: 'direct', container: 30002, host: 30002 },
    ],
  });
  t.like(given, { MAX_RAM: '3000m', DEFAULT_PORT: '30001', UDP_PORT: '30002', RCON_PORT: '27015', MAX_PLAYERS: '16' });
  t.is(given.RCON_PASSWORD, env.RCON_PASSWORD);
});

test('what the template fixes wins over what was stored before it was fixed', (t) => {
  const facts = { ramMb: 2048, ports: [{ name: 'game', container: 25565, host: 30001 }] };
  t.is(games.containerEnv(minecraft, { RCON_PORT: '1' }, facts).RCON_PORT, '25575');
});
