/**
 * Every route that the OpenAPI document names, called on a real Baton with a real database and the simulated engine. Each answer
 * must fit the schema that the document gives for its status, and a route that nobody calls here fails the test.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import test, { type ExecutionContext } from 'ava';
import { pino } from 'pino';
import { loadSettings } from '../../config/settings.ts';
import { type Baton, startBaton } from '../../src/baton.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents and answers are looked into by assertions.
type Json = any;

let baton: Baton;
let token: string;
let dataDir: string;
let document: Json;
let ajv: Ajv2020;
const called = new Set<string>();

test.before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'baton-contract-'));
  baton = await startBaton({
    settings: loadSettings({ BATON_DATA_DIR: dataDir, BATON_HTTP_PORT: '0', BATON_ENGINE: 'simulated' }),
    log: pino({ level: 'silent' }),
    leaseLost: () => {},
  });
  token = (await readFile(baton.adminTokenPath, 'utf8')).trim();
  document = await (await send('GET', '/api/openapi.json')).json();
  ajv = new Ajv2020({ strict: false, allErrors: true });
  (addFormats as unknown as (to: Ajv2020) => void)(ajv);
  ajv.addSchema(document, 'document');
});

test.after.always(async () => {
  await baton?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(baton.url + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

interface Request {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Calls an operation by its id, expects the status, and holds the answer against the document. */
async function call(t: ExecutionContext, id: string, status: number, request: Request = {}): Promise<Json> {
  const [path, method, operation] = find(id);
  called.add(id);
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => request.params?.[name] ?? name);
  const response = await send(method.toUpperCase(), url + (request.query ?? ''), request.body, request.headers);
  const text = await response.text();
  t.is(response.status, status, `${id}: ${text}`);
  const answer = operation.responses[status] === undefined ? 'default' : String(status);
  if (status === 204) return undefined;
  const [type] = (response.headers.get('content-type') ?? '').split(';');
  const pointer = ['paths', path, method, 'responses', answer, 'content', type, 'schema'].map(escaped).join('/');
  const content = type?.endsWith('json') ? JSON.parse(text) : text;
  const validate = ajv.getSchema(`document#/${pointer}`);
  t.truthy(validate, `${id} answers ${status} as ${type}, which the document does not know`);
  t.true(validate?.(content), `${id}: ${JSON.stringify(validate?.errors)}`);
  return content;
}

const escaped = (part: string | undefined): string =>
  encodeURIComponent((part ?? '').replace(/~/g, '~0').replace(/\//g, '~1'));

function find(id: string): [path: string, method: string, operation: Json] {
  for (const [path, item] of Object.entries<Json>(document.paths)) {
    for (const [method, operation] of Object.entries<Json>(item)) {
      if (operation.operationId === id) return [path, method, operation];
    }
  }
  throw new Error(`The document has no operation ${id}.`);
}

/** Long enough for the simulated engine; the answer comes as soon as the operation has ended. */
const WAIT = { prefer: 'wait=60' };

test.serial('the document is valid OpenAPI 3.1', async (t) => {
  const result = await new Validator().validate(structuredClone(document));
  t.deepEqual(result.errors, undefined);
  t.true(result.valid);
  t.is(document.openapi, '3.1.0');
});

test.serial('the service tells about itself', async (t) => {
  await call(t, 'getHealth', 200);
  const ready = await call(t, 'getReadiness', 200);
  t.is(ready.node.engine, 'simulated');
  t.regex(ready.notes.join(), /simulated/);
  t.regex(await call(t, 'getMetrics', 200), /baton_database_up 1/);
  await call(t, 'getOpenApi', 200);
  const page: string = await call(t, 'getDocs', 200);
  for (const item of Object.values<Json>(document.paths)) {
    for (const operation of Object.values<Json>(item)) t.true(page.includes(`id="${operation.operationId}"`));
  }
  t.notRegex(page, /(src|href)="(https?:)?\/\//, 'the page needs no other site');
});

test.serial('a server lives its whole life through the API', async (t) => {
  const templates = await call(t, 'listTemplates', 200);
  t.true(templates.items.some(({ id }: Json) => id === 'flying-squid'));

  const body = { name: 'contract', template: 'flying-squid', start: false };
  const headers = { ...WAIT, 'idempotency-key': 'make-it' };
  const made = await call(t, 'createServer', 202, { body, headers });
  t.is(made.operation.status, 'succeeded');
  t.is(made.server.status, 'stopped');
  const { id } = made.server;
  const params = { id };
  const again = await call(t, 'createServer', 202, { body, headers });
  t.is(again.operation.id, made.operation.id);
  const other = await call(t, 'createServer', 409, { body: { ...body, name: 'other' }, headers });
  t.is(other.code, 'conflict');
  const missing = await call(t, 'createServer', 400, { body: { name: 'x', template: 'nothing' } });
  t.is(missing.code, 'unknown_template');
  const eula = await call(t, 'createServer', 400, { body: { name: 'x', template: 'minecraft-java' } });
  t.true(eula.issues.some(({ path }: Json) => path === 'env.EULA'));

  const ended = (answer: Json) => t.is(answer.operation.status, 'succeeded', JSON.stringify(answer.operation));
  const command = async (name: string, request: Request = {}) =>
    ended(await call(t, name, 202, { params, headers: WAIT, ...request }));

  await command('startServer');
  t.is((await call(t, 'getServer', 200, { params })).status, 'running');
  const refused = await call(t, 'startServer', 409, { params });
  t.is(refused.code, 'invalid_transition');
  t.true(refused.allowed.includes('stop'));
  t.is((await call(t, 'listServers', 200, { query: '?status=running&q=CONTR&sort=-created_at&limit=1' })).total, 1);

  t.is(typeof (await call(t, 'execInServer', 200, { params, body: { command: 'list' } })).output, 'string');
  t.true((await call(t, 'readServerLogs', 200, { params, query: '?lines=5' })).lines.length > 0);
  await call(t, 'readServerPlayers', 200, { params });
  const { port } = await call(t, 'readServerConnection', 200, { params });
  t.is(port, made.server.ports[0].host);
  t.true((await call(t, 'readServerStats', 200, { params })).running);

  await command('configureServer', { body: { env: { MOTD: 'hello' } }, headers: { ...WAIT, 'if-match': '*' } });
  const stale = await call(t, 'configureServer', 412, { params, body: { cpu: 1 }, headers: { 'if-match': '"1"' } });
  t.is(stale.code, 'precondition_failed');

  await command('restartServer', { body: { grace_seconds: 5 } });
  await command('killServer');
  await command('startServer');
  await command('stopServer', { body: { announce: '' } });
  await command('rebuildServer', { body: { if_busy: 'queue' } });
  for (const name of ['wakeServer', 'archiveServer', 'failoverServer']) await call(t, name, 409, { params });

  for (const name of ['startServers', 'stopServers', 'deleteServers']) {
    const bulk = await call(t, name, 202, { body: { ids: [id] }, headers: WAIT });
    t.is(bulk.items[0].operation?.status, 'succeeded', JSON.stringify(bulk.items));
  }
  await call(t, 'getServer', 404, { params });
  const deleted = await call(t, 'getServer', 200, { params, query: '?include_deleted=true' });
  t.is(deleted.status, 'deleted');
  await command('undeleteServer');
  await command('deleteServer');
  const history = await call(t, 'readServerHistory', 200, { params, query: '?limit=2&sort=-seq' });
  t.is(history.items.length, 2);
  const next = await call(t, 'readServerHistory', 200, {
    params,
    query: `?limit=2&sort=-seq&cursor=${encodeURIComponent(history.next_cursor)}`,
  });
  t.is(next.items[0].seq, history.items[1].seq - 1);
  await command('purgeServer', { query: '?keep_data=false' });
  await call(t, 'getServer', 404, { params, query: '?include_deleted=true' });
});

test.serial('operations are listed, read and cancelled', async (t) => {
  const body = { name: 'cancelled', template: 'flying-squid', start: false };
  const { server } = await call(t, 'createServer', 202, { body, headers: WAIT });
  const { operation } = await call(t, 'startServer', 202, { params: { id: server.id } });
  t.is((await call(t, 'getOperation', 200, { params: { id: operation.id } })).command, 'start');
  const target = encodeURIComponent(`server/${server.id}`);
  t.is((await call(t, 'listOperations', 200, { query: `?target=${target}&sort=-created_at` })).total, 2);
  await call(t, 'cancelOperation', 202, { params: { id: operation.id }, headers: WAIT });
  const after = await call(t, 'getOperation', 200, { params: { id: operation.id }, headers: WAIT });
  t.is(after.status, 'cancelled');
});

test.serial('the fleet says what it has, who waits, and where a server would go', async (t) => {
  const small = { name: 'small', template: 'flying-squid', ram_mb: 1024 };
  const { server } = await call(t, 'createServer', 202, { body: small, headers: WAIT });
  const fleet = await call(t, 'getFleet', 200);
  t.like(fleet, { servers: 1, queued: 0, reserved_ram_mb: 1024, available_ram_mb: fleet.usable_ram_mb - 1024 });
  t.like(fleet.nodes, [{ name: 'simulated', kind: 'local', servers: 1, held_for: null }]);

  const body = { name: 'large', template: 'flying-squid', ram_mb: fleet.usable_ram_mb };
  const large = (await call(t, 'createServer', 202, { body })).server;
  let queue: Json;
  do queue = await call(t, 'getQueue', 200);
  while (queue.total === 0);
  t.like(queue.items, [{ position: 1, server_id: large.id, ram_mb: body.ram_mb, eta: null, overtaken: 0 }]);
  t.is(queue.items[0].reason, 'No node has room for it now.');

  const taken = await call(t, 'explainPlacement', 200, { query: `?ram_mb=${body.ram_mb}&cpu=0.5&disk_mb=10` });
  t.like(taken.items, [{ name: 'simulated', rank: null, score: null }]);
  t.regex(taken.items[0].reasons[0], /MB of RAM are needed/);
  t.like((await call(t, 'explainPlacement', 200, { query: '?ram_mb=64' })).items, [{ rank: 1, reasons: [] }]);
  const nowhere = await call(t, 'explainPlacement', 200, { query: '?ram_mb=64&labels=region=fsn,disk=nvme' });
  t.deepEqual(nowhere.items[0].reasons, ['It has not all of the labels that are asked for.']);
  await call(t, 'explainPlacement', 400, { query: '?ram_mb=much' });
  await call(t, 'explainPlacement', 400, { query: '?ram_mb=64&labels=fsn' });

  await call(t, 'stopServer', 202, { params: { id: large.id }, headers: WAIT });
  await call(t, 'killServer', 202, { params: { id: server.id }, headers: WAIT });
  // The node hears of it in a turn of its own.
  let after: Json;
  do after = await call(t, 'getFleet', 200);
  while (after.servers > 0);
  t.like(after, { queued: 0, reserved_ram_mb: 0, utilisation: 0 });
});

test.serial('actors show what they are and did', async (t) => {
  const machines = await call(t, 'listMachines', 200);
  t.deepEqual(machines.items.map(({ kind }: Json) => kind).sort(), ['node', 'queue', 'server']);
  await call(t, 'getMachine', 200, { params: { kind: 'server' } });
  await call(t, 'getMachine', 404, { params: { kind: 'unicorn' } });
  const actors = await call(t, 'listActors', 200, { query: '?kind=node&quarantined=false' });
  t.is(actors.total, 1);
  const { kind, id } = actors.items[0];
  await call(t, 'getActor', 200, { params: { kind, id } });
  await call(t, 'getActor', 404, { params: { kind: 'server', id: '0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f50' } });
  t.true((await call(t, 'listTurns', 200, { params: { kind, id } })).total > 0);
  await call(t, 'resumeActor', 204, { params: { kind, id } });
  await call(t, 'listDeadLetters', 200);
  const nobody = { id: '0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f50' };
  await call(t, 'retryDeadLetter', 404, { params: nobody });
  await call(t, 'discardDeadLetter', 404, { params: nobody });
});

test.serial('nodes are added, looked after and removed', async (t) => {
  const { items } = await call(t, 'listNodes', 200);
  const home = { params: { id: items[0].id } };
  t.is((await call(t, 'getNode', 200, home)).kind, 'local');
  await call(t, 'getNode', 404, { params: { id: '0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f50' } });
  await call(t, 'labelNode', 202, { ...home, body: { labels: { region: 'here' } } });
  t.deepEqual((await call(t, 'getNode', 200, home)).labels, { region: 'here' });
  for (const id of ['cordonNode', 'uncordonNode', 'drainNode', 'undrainNode', 'syncNode']) {
    await call(t, id, 202, { ...home, headers: WAIT });
  }
  await call(t, 'uncordonNode', 409, home);
  for (const id of ['decommissionNode', 'bootstrapNode', 'removeNode']) await call(t, id, 409, home);

  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const machine = { hostname: '127.0.0.1', ssh_port: 1, ssh_key: key, name: 'nobody there' };
  await call(t, 'addNode', 400, { body: { ...machine, ssh_key: 'ssh-ed25519 AAAA' } });
  const { node, operation } = await call(t, 'addNode', 202, { body: machine, headers: WAIT });
  t.is(operation.status, 'failed');
  t.like(await call(t, 'getNode', 200, { params: { id: node.id } }), { status: 'failed', hostname: '127.0.0.1' });
  await call(t, 'addNode', 409, { body: machine });
  const page = await call(t, 'listNodes', 200, { query: '?limit=1' });
  t.like(page, { total: 2, items: [{ id: node.id }] });
  const rest = await call(t, 'listNodes', 200, { query: `?cursor=${page.next_cursor}` });
  t.like(rest, { items: [{ kind: 'local' }], next_cursor: null });
  await call(t, 'listNodes', 400, { query: '?cursor=nonsense' });
  const twin = { body: { ...machine, name: 'twins' } };
  const [first, again] = await Promise.all(
    [1, 2].map(() => call(t, 'addNode', 202, { ...twin, headers: { 'idempotency-key': 'once' } })),
  );
  t.is(first.node.id, again.node.id, 'the same request twice is one machine');
  const post = () => send('POST', '/api/nodes', { ...machine, name: 'rivals' });
  const rivals = await Promise.all([post(), post()]);
  t.deepEqual(rivals.map(({ status }) => status).sort(), [202, 409], 'of two who want one name, one gets it');
  for (const one of (await call(t, 'listNodes', 200)).items) {
    if (['twins', 'rivals'].includes(one.name)) await call(t, 'removeNode', 202, { params: { id: one.id } });
  }
  await call(t, 'bootstrapNode', 202, { params: { id: node.id }, body: { ssh_port: 2 } });
  await call(t, 'removeNode', 202, { params: { id: node.id } });
  t.is((await call(t, 'listNodes', 200)).items.length, 1);
});

test.serial('the event log is read from any point, in order', async (t) => {
  const first = await call(t, 'listEvents', 200, { query: '?limit=5' });
  const then = await call(t, 'listEvents', 200, { query: `?limit=5&since=${first.next_cursor}` });
  const seqs = [...first.items, ...then.items].map(({ seq }: Json) => seq);
  t.is(seqs.length, 10);
  t.deepEqual(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
});

test.serial('whatever is sent, it is answered, and never as a defect', async (t) => {
  const odd = [
    '%00',
    '%E0%A4%A',
    '__proto__',
    '..%2f..',
    '\u{1F3AE}',
    '1e99',
    "'; drop table servers",
    'MQ',
    '9223372036854775808',
  ];
  for (const [path, item] of Object.entries<Json>(document.paths)) {
    for (const [method, operation] of Object.entries<Json>(item)) {
      const queries = (operation.parameters ?? []).filter(({ in: where }: Json) => where === 'query');
      for (const text of odd) {
        const url = path.replaceAll(/\{\w+\}/g, text);
        const query = queries.map(({ name }: Json) => `${name}=${text}`).join('&');
        const body = operation.requestBody && {
          name: text,
          template: text,
          command: text,
          ids: [text],
          env: { [text]: text },
        };
        const response = await send(method.toUpperCase(), `${url}?${query}`, body);
        t.true(response.status < 500, `${method} ${url}?${query}: ${await response.text()}`);
      }
    }
  }
});

test.serial('no route of the document was left out', (t) => {
  const named = Object.values<Json>(document.paths).flatMap((item) =>
    Object.values<Json>(item).map(({ operationId }) => operationId),
  );
  t.deepEqual(
    named.filter((id) => !called.has(id)),
    [],
  );
});
