import test from 'ava';
import { describeSettings } from '../../config/describe.ts';
import { loadSettings } from '../../config/settings.ts';
import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/actors/limits.ts';
import { BatonError } from '../../src/errors.ts';
import { SERVER_LIMITS, type ServerLimits } from '../../src/machines/server/limits.ts';

function faultsOf(environment: Record<string, string>): string[] {
  try {
    loadSettings(environment);
  } catch (error) {
    if (error instanceof BatonError && error.code === 'invalid_settings') {
      return String(error.details.faults)
        .split('\n')
        .map((line) => line.trim());
    }
    throw error;
  }
  return [];
}

test('an empty environment gives the documented defaults', (t) => {
  const settings = loadSettings({});
  t.is(settings.http.host, '127.0.0.1');
  t.is(settings.http.port, 8080);
  t.deepEqual(settings.node.portRange, { first: 25_565, last: 25_864 });
  t.is(settings.server.retentionMs, 24 * 3_600_000);
  t.is(settings.actors.stashDepth, 8);
  t.is(settings.database.url, null);
  t.true(settings.dataDir.endsWith('/.baton'));
});

test('variables override defaults, and an empty one counts as absent', (t) => {
  const settings = loadSettings({ BATON_HTTP_PORT: '9000', BATON_PORT_RANGE: '30000-30009', BATON_LOG_LEVEL: '' });
  t.is(settings.http.port, 9000);
  t.deepEqual(settings.node.portRange, { first: 30_000, last: 30_009 });
  t.is(settings.log.level, 'info');
});

test('each fault is one sentence that names variable, value and range, and all are told at once', (t) => {
  t.deepEqual(faultsOf({ BATON_HTTP_PORT: 'eighty', BATON_PORT_RANGE: '30009-30000', BATON_LOG_LEVEL: 'loud' }), [
    'BATON_LOG_LEVEL is "loud", but it must be one of trace, debug, info, warn, error, fatal, silent.',
    'BATON_HTTP_PORT is "eighty", but it must be a whole number from 0 to 65535 (port).',
    'BATON_PORT_RANGE is "30009-30000", but it must be two ports from 1024 to 65535 such as 25565-25864.',
  ]);
});

test('the Docker engine is that of this machine, and talked to without TLS', (t) => {
  for (const host of [
    'unix:///run/user/1000/docker.sock',
    'tcp://127.0.0.1:2375',
    'tcp://[::1]:2375',
    'http://localhost',
  ]) {
    t.is(loadSettings({ DOCKER_HOST: host }).node.dockerHost, host);
  }
  for (const host of [
    'tcp://10.0.0.5:2375',
    'tcp://127.0.0.1.example:2375',
    'https://127.0.0.1:2376',
    'ssh://root@here',
  ]) {
    t.deepEqual(faultsOf({ DOCKER_HOST: host }), [
      `DOCKER_HOST is "${host}", but it must be unix://<socket>, or tcp:// to 127.0.0.1, ::1 or localhost; another machine is added as a node.`,
    ]);
  }
  t.deepEqual(faultsOf({ DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_TLS_VERIFY: '1' }), [
    `DOCKER_TLS_VERIFY is "1", but it must be left unset: Baton talks to this machine's engine without TLS, best at its unix socket.`,
  ]);
  t.deepEqual(faultsOf({ DOCKER_TLS_VERIFY: '' }), []);
});

test('an unknown BATON_ variable is a fault that names the nearest known one', (t) => {
  t.deepEqual(faultsOf({ BATON_HTP_PORT: '9000', HOME: '/' }), [
    'BATON_HTP_PORT is not a setting of Baton; did you mean BATON_HTTP_PORT?',
  ]);
});

test('hours may be fractions and arrive as milliseconds, and a list stays a list', (t) => {
  const settings = loadSettings({ BATON_RETENTION_HOURS: '0.5', BATON_SERVER_QUEUE_BACKOFF_MS: '100,200' });
  t.is(settings.server.retentionMs, 1_800_000);
  t.deepEqual(settings.server.queueBackoffMs, [100, 200]);
  t.regex(faultsOf({ BATON_SERVER_QUEUE_BACKOFF_MS: '100,x' })[0] ?? '', /with commas between them\.$/);
});

test('by default each room gets the limits that it declares itself', (t) => {
  const { actors, server } = loadSettings({});
  const limits: { actors: RuntimeLimits; server: ServerLimits } = { actors, server };
  t.deepEqual(limits, { actors: RUNTIME_LIMITS, server: SERVER_LIMITS });
});

test('a secret stands neither in the description nor in a fault', (t) => {
  const lines = describeSettings({ BATON_ADMIN_TOKEN: 'correct-horse-battery', DATABASE_URL: 'postgres://u:pw@h/db' });
  t.notRegex(JSON.stringify(lines), /correct-horse|pw@h/);
  t.is(lines.find(({ env }) => env === 'BATON_ADMIN_TOKEN')?.value, '********');
  t.notRegex(faultsOf({ BATON_ADMIN_TOKEN: 'too short' }).join(), /too short/);
});

test('the description tells every setting with its source', (t) => {
  const lines = describeSettings({ BATON_HTTP_PORT: '9000' });
  t.deepEqual(
    lines.filter(({ source }) => source === 'environment').map(({ name, value }) => [name, value]),
    [['http.port', '9000']],
  );
  t.true(lines.every(({ reason, range }) => reason.length > 10 && range.length > 3));
  t.is(new Set(lines.map(({ env }) => env)).size, lines.length, 'no variable is read twice');
});

test('a node can tell all servers that fit its ports in one turn', (t) => {
  const { node, actors } = loadSettings({});
  t.true(actors.intentsPerTurn > node.portRange.last - node.portRange.first + 1);
});

test('a lease that would end before its node counts as unreachable is refused', (t) => {
  const error = t.throws(() => loadSettings({ BATON_NODE_BEAT_MS: '4000' }), { code: 'invalid_settings' });
  t.regex(error?.message ?? '', /BATON_NODE_LEASE_TTL_MS is 15000, but it must be at least 16000/);
  t.is(loadSettings({ BATON_NODE_BEAT_MS: '3750' }).fleet.beatMs, 3_750);
});
