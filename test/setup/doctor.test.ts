import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadSettings } from '../../config/settings.ts';
import { diagnose } from '../../src/setup/doctor.ts';

async function finding(name: string, environment: Record<string, string> = {}) {
  const found = (await diagnose(loadSettings(environment))).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no finding ${name}`);
  return found;
}

test('on a machine where everything is there, nothing needs a fix', async (t) => {
  const findings = await diagnose(loadSettings({ BATON_DATA_DIR: tmpdir(), BATON_PORT_RANGE: '42000-42009' }));
  t.deepEqual(
    findings.map(({ name }) => name),
    ['Node.js', 'data directory', 'PostgreSQL', 'Docker engine', 'rsync', 'game ports', 'memory'],
  );
  for (const name of ['Node.js', 'PostgreSQL', 'game ports']) {
    t.like(
      findings.find((one) => one.name === name),
      { ok: true, fix: null },
    );
  }
});

test('a Docker engine that is not there is said with where it was looked for', async (t) => {
  const found = await finding('Docker engine', { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  t.false(found.ok);
  t.regex(found.detail, /no Docker socket at unix:\/\/\/nowhere\/docker\.sock/);
  t.regex(found.fix ?? '', /apt-get install .*docker\.io/);
});

test('a database that does not answer is said with the reason and without its password', async (t) => {
  const found = await finding('PostgreSQL', { DATABASE_URL: 'postgres://u:geheim@127.0.0.1:1/db' });
  t.false(found.ok);
  t.regex(found.detail, /cannot be reached: .*ECONNREFUSED/);
  t.notRegex(JSON.stringify(found), /geheim/);
});

test('a data directory that cannot be written is said', async (t) => {
  if (process.getuid?.() === 0) return t.pass('root can write everywhere');
  const path = await mkdtemp(join(tmpdir(), 'baton-doctor-'));
  t.teardown(() => rm(path, { recursive: true }));
  await chmod(path, 0o500);
  t.false((await finding('data directory', { BATON_DATA_DIR: join(path, 'below') })).ok);
});

test('a taken game port is named', async (t) => {
  const server = createServer();
  await new Promise<void>((done) => {
    server.listen({ port: 42_105, host: '127.0.0.1' }, done);
  });
  t.teardown(() => server.close());
  const found = await finding('game ports', { BATON_PORT_RANGE: '42100-42109', BATON_PUBLISH_ADDRESS: '127.0.0.1' });
  t.regex(found.detail, /taken: 42105$/);
});
