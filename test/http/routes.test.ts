import test from 'ava';
import { errors as actorErrors } from '../../src/actors/errors.ts';
import { fakeConductor } from './fixture/conductor.ts';
import { openDoor, TOKEN } from './fixture/door.ts';
import { ACCOUNT, operationRow, serverRow, testId } from './fixture/rows.ts';

const SERVER = testId(0x5e);
const ADMIN = { accountId: ACCOUNT, name: 'admin', admin: true };

test('nothing but health and readiness answers without a token', async (t) => {
  const door = await openDoor(t, fakeConductor());
  for (const path of ['/healthz', '/readyz']) t.is((await fetch(door.url + path)).status, 200, path);
  for (const path of ['/api/servers', '/metrics', '/docs', '/api/openapi.json', '/nowhere', '/healthz/', '/HEALTHZ']) {
    const response = await fetch(door.url + path);
    t.is(response.status, 401, path);
    t.regex(response.headers.get('www-authenticate') ?? '', /^Bearer realm="baton"/);
    t.is(((await response.json()) as { code: string }).code, 'unauthenticated');
  }
});

test('a wrong token is refused, however long it is', async (t) => {
  const door = await openDoor(t, fakeConductor());
  for (const token of ['x', TOKEN.slice(1), `${TOKEN}x`, 'ü'.repeat(3)]) {
    const headers = { authorization: `Bearer ${encodeURIComponent(token)}` };
    t.is((await door.request('GET', '/api/servers', { headers })).status, 401, token);
  }
});

test("a browser's login opens pages that read, and nothing that acts", async (t) => {
  const door = await openDoor(t, fakeConductor());
  const headers = { authorization: `Basic ${Buffer.from(`any:${TOKEN}`).toString('base64')}` };
  t.is((await door.request('GET', '/docs', { headers })).status, 200);
  t.is((await door.request('GET', '/api/servers', { headers })).status, 401);
  t.is((await door.request('POST', `/api/servers/${SERVER}/stop`, { headers })).status, 401);
});

test('every fault of a request is named with its path, and the command is not given on', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const { status, body, headers } = await door.request('POST', '/api/servers?dry=1', {
    body: { name: ' ', ram_mb: '2048', env: { 'A B': 'x', OK: 7 }, image: 'mine' },
    headers: { 'idempotency-key': 'ü', 'if-match': '7' },
  });
  t.is(status, 400);
  t.is(headers.get('content-type'), 'application/problem+json');
  t.is(body.code, 'invalid_request');
  const paths = body.issues.map(({ path }: { path: string }) => path).sort();
  t.deepEqual(paths, [
    'env.A B',
    'env.OK',
    'header.idempotency-key',
    'header.if-match',
    'image',
    'name',
    'query.dry',
    'ram_mb',
    'template',
  ]);
  t.deepEqual(conductor.calls, []);
});

test('broken JSON is answered with the line and column where it breaks', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const { status, body } = await door.request('POST', '/api/servers', { body: '{\n  "name": survival\n}' });
  t.is(status, 400);
  t.is(body.issues[0].path, 'body');
  t.regex(body.issues[0].message, /line 2, column 11/);
});

test('a body that tries to reach a prototype is refused', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const sent = '{"name":"x","template":"paper","env":{"__proto__":"x"}}';
  t.is((await door.request('POST', '/api/servers', { body: sent })).status, 400);
  t.deepEqual(conductor.calls, []);
});

test('a body over the limit is 413, also when it does not say how long it is', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const large = JSON.stringify({ name: 'x', template: 'paper', env: { A: 'x'.repeat(1024 * 1024) } });
  const { status, body } = await door.request('POST', '/api/servers', { body: large });
  t.is(status, 413);
  t.is(body.code, 'too_large');
  const chunks = new Blob([large]).stream();
  const streamed = await fetch(`${door.url}/api/servers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: chunks,
    duplex: 'half',
  } as RequestInit);
  t.is(streamed.status, 413);
});

test('a body that is not JSON is 415, and one that nobody asked for is refused', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const headers = { 'content-type': 'text/plain' };
  t.is((await door.request('POST', '/api/servers', { body: 'name=x', headers })).status, 415);
  t.is((await door.request('DELETE', `/api/servers/${SERVER}`, { body: { stop_first: true } })).status, 400);
});

test('an unknown page is 404; a known one with another method is 405 and says which', async (t) => {
  const door = await openDoor(t, fakeConductor());
  t.is((await door.request('GET', '/api/nothing')).body.code, 'not_found');
  const wrong = await door.request('PUT', '/api/servers');
  t.is(wrong.status, 405);
  t.is(wrong.body.code, 'method_not_allowed');
  t.deepEqual((wrong.headers.get('allow') ?? '').split(', ').sort(), ['GET', 'HEAD', 'POST']);
});

test('an id that cannot be one is not found, like one that is not there', async (t) => {
  const door = await openDoor(t, fakeConductor());
  for (const id of ['7', '..%2f..', testId(404)]) {
    const { status, body } = await door.request('GET', `/api/servers/${id}`);
    t.is(status, 404);
    t.is(body.code, 'not_found');
  }
});

test('a refusal of the conductor becomes a problem document with its details', async (t) => {
  const details = {
    kind: 'server',
    state: 'running',
    operation: { id: testId(1), command: 'backup' },
    allowed: ['stop'],
  };
  const door = await openDoor(
    t,
    fakeConductor({ commandServer: () => Promise.reject(actorErrors.invalid_transition(details)) }),
  );
  const { status, body } = await door.request('POST', `/api/servers/${SERVER}/start`);
  t.is(status, 409);
  t.like(body, { ...details, code: 'invalid_transition', status: 409, title: 'Invalid transition' });
  t.is(body.type, 'urn:baton:error:invalid_transition');
});

test('a defect is answered without its message or trace, under an id that the log has as well', async (t) => {
  const door = await openDoor(t, fakeConductor({ logs: () => Promise.reject(new Error('secret path /etc/x')) }));
  const { status, text, body } = await door.request('GET', `/api/servers/${SERVER}/logs`, {
    headers: { 'x-request-id': 'from-my-proxy' },
  });
  t.is(status, 500);
  t.like(body, { code: 'internal', request_id: 'from-my-proxy' });
  t.notRegex(text, /secret|\.ts|at /);
  t.truthy(door.logged.find((line) => line.request_id === 'from-my-proxy' && /secret/.test(JSON.stringify(line.err))));
});

test('what fails for a moment says when to come back', async (t) => {
  const door = await openDoor(
    t,
    fakeConductor({ commandServer: () => Promise.reject(actorErrors.mailbox_full({ kind: 'server' })) }),
  );
  const { status, headers, body } = await door.request('POST', `/api/servers/${SERVER}/start`);
  t.is(status, 503);
  t.is(headers.get('retry-after'), '1');
  t.is(body.retry_after, 1);
});

test('a request id is made where none, or none of use, is given', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const odd = await door.request('GET', '/healthz', { headers: { 'x-request-id': 'no spaces please' } });
  t.regex(odd.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});

test('a command carries key, fingerprint, version and whether to queue', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const send = (body: unknown) =>
    door.request('POST', `/api/servers/${SERVER}/stop`, {
      body,
      headers: { 'idempotency-key': 'k-1', 'if-match': '"7"' },
    });
  const { status, body, headers } = await send({ grace_seconds: 5, announce: '', if_busy: 'queue' });
  t.is(status, 202);
  t.is(headers.get('location'), `/api/operations/${operationRow().id}`);
  t.deepEqual(body.operation.target, { kind: 'server', id: SERVER });
  await send({ if_busy: 'queue', announce: '', grace_seconds: 5 });
  await send({ if_busy: 'queue', announce: '', grace_seconds: 6 });
  const [first, same, other] = conductor.calls as [string, string, string, unknown, Record<string, unknown>][];
  t.deepEqual(first?.slice(0, 4), ['commandServer', SERVER, 'stop', { graceSeconds: 5, announce: '' }]);
  t.like(first?.[4], { principal: ADMIN, idempotencyKey: 'k-1', ifVersion: 7, ifBusy: 'queue' });
  t.is(same?.[4].fingerprint, first?.[4].fingerprint);
  t.not(other?.[4].fingerprint, first?.[4].fingerprint);
});

test('an option that a command does not listen to is refused, and so is a key where nothing keeps it', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const refused = async (command: string, body: unknown, headers = {}) => {
    const answer = await door.request('POST', `/api/servers/${SERVER}/${command}`, { body, headers });
    t.is(answer.status, 400, command);
    return answer.body.issues.map(({ path }: { path: string }) => path);
  };
  t.deepEqual(await refused('kill', { grace_seconds: 5 }), ['grace_seconds']);
  t.deepEqual(await refused('start', { backup_id: SERVER, image_tag: '2' }), ['backup_id', 'image_tag']);
  t.deepEqual(await refused('stop', { fresh: true }), ['fresh']);
  t.deepEqual(await refused('exec', { command: 'list' }, { 'idempotency-key': 'once' }), ['header.idempotency-key']);
  t.deepEqual(conductor.calls, []);
});

test('a failover names its node, and whether it begins with an empty world', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const body = { node_id: SERVER, fresh: false };
  const { status } = await door.request('POST', `/api/servers/${SERVER}/failover`, { body });
  t.is(status, 202);
  t.deepEqual(conductor.calls[0]?.slice(0, 4), ['commandServer', SERVER, 'failover', { nodeId: SERVER, fresh: false }]);
  const refused = await door.request('POST', '/api/servers', {
    body: { name: 'a', template: 'paper', failover_policy: 'restore' },
  });
  t.is(refused.status, 400);
});

test('a command needs no body at all', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  t.is((await door.request('POST', `/api/servers/${SERVER}/start`)).status, 202);
  t.is((await door.request('DELETE', `/api/servers/${SERVER}?stop_first=true`)).status, 202);
  t.deepEqual(
    conductor.calls.map((call) => call.slice(2, 4)),
    [
      ['start', {}],
      ['delete', { stopFirst: true }],
    ],
  );
});

test('variables keep their names, and a secret that comes back masked is left as it is', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const { body } = await door.request('GET', `/api/servers/${SERVER}`);
  t.deepEqual(body.env, { EULA: 'TRUE', RCON_PASSWORD: '••••••' });
  await door.request('PATCH', `/api/servers/${SERVER}`, {
    body: { ram_mb: 4096, env: { ...body.env, max_players: '5', OLD: null } },
  });
  const changes = { ramMb: 4096, env: { EULA: 'TRUE', max_players: '5', OLD: null } };
  t.deepEqual(conductor.calls[0]?.slice(0, 3), ['configureServer', SERVER, changes]);
});

test('secrets are masked inside actors too, and wholly where the template is not known', async (t) => {
  const conductor = fakeConductor();
  conductor.servers.set(SERVER, serverRow({ template: 'removed-since' }));
  const door = await openDoor(t, conductor);
  const actor = await door.request('GET', `/api/actors/server/${SERVER}`);
  t.deepEqual(actor.body.context.spec.env, { RCON_PASSWORD: '••••••', EULA: 'TRUE' });
  const server = await door.request('GET', `/api/servers/${SERVER}`);
  t.deepEqual(server.body.env, { RCON_PASSWORD: '••••••', EULA: '••••••' });
});

test('a server answers with its version as ETag, and 304 to who has it already', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const { headers } = await door.request('GET', `/api/servers/${SERVER}`);
  t.is(headers.get('etag'), '"7"');
  const again = await door.request('GET', `/api/servers/${SERVER}`, { headers: { 'if-none-match': '"7"' } });
  t.is(again.status, 304);
  t.is(again.text, '');
});

test('a deleted server shows only to who asks for deleted ones', async (t) => {
  const conductor = fakeConductor();
  conductor.servers.set(SERVER, serverRow({ status: 'deleted', deletedAt: new Date(0) }));
  const door = await openDoor(t, conductor);
  t.is((await door.request('GET', `/api/servers/${SERVER}`)).status, 404);
  t.is((await door.request('GET', `/api/servers/${SERVER}?include_deleted=true`)).status, 200);
  t.is((await door.request('GET', '/api/servers')).body.total, 0);
  t.is((await door.request('GET', '/api/servers?include_deleted=true')).body.total, 1);
});

test('lists take filters and a page in the names of the wire', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  await door.request('GET', '/api/servers?status=running,stopped&q=surv&sort=-created_at&limit=7&cursor=abc');
  t.deepEqual(conductor.calls[0], [
    'servers',
    { statuses: ['running', 'stopped'], q: 'surv' },
    { limit: 7, cursor: 'abc', sort: '-createdAt' },
  ]);
  for (const query of ['limit=0', 'limit=201', 'status=odd', 'sort=env', 'cursor=a&offset=1', 'limit=1&limit=2']) {
    t.is((await door.request('GET', `/api/servers?${query}`)).status, 400, query);
  }
});

test('waiting ends with the operation', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const answer = door.request('POST', `/api/servers/${SERVER}/start`, {
    headers: { prefer: 'respond-async, wait=600' },
  });
  const id = operationRow().id;
  while (conductor.calls.length === 0) await new Promise(setImmediate);
  conductor.finish(id);
  const { status, headers, body } = await answer;
  t.is(status, 202);
  t.is(headers.get('preference-applied'), 'wait=60');
  t.is(body.operation.status, 'succeeded');
});

test('closing answers those who wait with the operation as it is, and takes no new connection', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const answer = door.request('POST', `/api/servers/${SERVER}/start`, { headers: { prefer: 'wait=60' } });
  while (conductor.calls.length === 0) await new Promise(setImmediate);
  const closed = door.close(60_000);
  t.is((await answer).body.operation.status, 'running');
  await closed;
  await t.throwsAsync(fetch(`${door.url}/healthz`));
  t.is(conductor.listeners(), 0);
});

test('closing cuts off what does not end in time', async (t) => {
  const conductor = fakeConductor({ logs: () => new Promise(() => {}) });
  const door = await openDoor(t, conductor);
  const answer = t.throwsAsync(door.request('GET', `/api/servers/${SERVER}/logs`));
  while (!door.logged.length) await new Promise(setImmediate);
  await door.close(50);
  await answer;
});

test('a bulk command gives each server its operation or its refusal', async (t) => {
  const bad = testId(9);
  const conductor = fakeConductor({
    commandServer: async (id, ...rest) => {
      conductor.calls.push([id, ...rest]);
      if (id === bad) throw actorErrors.not_found({ kind: 'server', id });
      return operationRow();
    },
  });
  const door = await openDoor(t, conductor);
  const { status, body } = await door.request('POST', '/api/servers/bulk/stop', {
    body: { ids: [SERVER, bad, SERVER], grace_seconds: 5 },
    headers: { 'idempotency-key': 'night' },
  });
  t.is(status, 202);
  t.is(body.items.length, 2);
  t.is(body.items[0].operation.status, 'running');
  t.like(body.items[1], { id: bad, operation: null, error: { code: 'not_found', status: 404 } });
  t.like(conductor.calls[0]?.[3], { idempotencyKey: `night/${SERVER}` });
});

test('not ready is 503 with what is missing, and a note that the node is simulated', async (t) => {
  const readiness = { ready: false, reasons: ['recovering'], notes: ['simulated node'], node: null };
  const door = await openDoor(t, fakeConductor({ readiness: async () => readiness }));
  const { status, body } = await door.request('GET', '/readyz');
  t.is(status, 503);
  t.deepEqual(body, readiness);
});

test('metrics count requests by route, and stay readable while the database is away', async (t) => {
  let up = true;
  const counts = async () => {
    if (!up) throw new Error('gone');
    return {
      servers: { running: 3 },
      operations: {},
      deadLetters: 2,
      quarantined: 1,
      timers: 0,
      effects: 0,
      messages: 0,
    };
  };
  const door = await openDoor(t, fakeConductor({}, { counts }), {
    extraMetrics: () => [{ name: 'baton_resident_actors', help: 'Actors in memory.', value: 12 }],
  });
  await door.request('GET', `/api/servers/${SERVER}`);
  const { text } = await door.request('GET', '/metrics');
  t.regex(
    text,
    /baton_http_request_duration_seconds_count\{method="GET",route="\/api\/servers\/\{id\}",status="200"\} 1/,
  );
  t.regex(text, /baton_servers\{status="running"\} 3/);
  t.regex(text, /baton_dead_letters 2/);
  t.regex(text, /baton_resident_actors 12/);
  t.regex(text, /nodejs_eventloop_lag/);
  up = false;
  const away = await door.request('GET', '/metrics');
  t.is(away.status, 200);
  t.regex(away.text, /baton_database_up 0/);
  t.notRegex(away.text, /baton_servers\{/);
});

test('what belongs to another account is not there', async (t) => {
  const conductor = fakeConductor();
  conductor.servers.set(SERVER, serverRow({ ownerId: testId(77) }));
  const { adminToken } = await import('../../src/http/auth.ts');
  t.true(adminToken('secret', ACCOUNT)('secret')?.admin);
  t.is(adminToken('secret', ACCOUNT)('Secret'), null);
  const { ownServer, mayCommand } = await import('../../src/http/routes/deps.ts');
  const deps = { conductor, secretNames: () => new Set<string>(), settled: async () => operationRow() };
  const stranger = { accountId: ACCOUNT, name: 'someone', admin: false };
  await t.throwsAsync(ownServer(deps, SERVER, stranger), { message: /There is no server/ });
  await t.throwsAsync(mayCommand(deps, SERVER, stranger), { message: /There is no server/ });
  await t.notThrowsAsync(mayCommand(deps, SERVER, ADMIN));
});
