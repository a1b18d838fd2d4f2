import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { errors as actorErrors } from '../../src/actors/errors.ts';
import { fakeConductor } from '../http/fixture/conductor.ts';
import { openDoor, TOKEN } from '../http/fixture/door.ts';
import { eventRow, operationRow, serverRow, testId } from '../http/fixture/rows.ts';
import { entry } from '../machines/queue-entries.ts';
import { BIN, batonAt, start } from './baton.ts';

const SERVER = testId(0x5e);
const SECOND = testId(0x5f0);

test('it says what it can do, and what was misused', async (t) => {
  const help = await start(t, ['--help']).ended;
  t.is(help.code, 0);
  t.regex(help.out, /servers/);
  t.is((await start(t, ['servers', 'start', '--help']).ended).code, 0);
  for (const args of [['cook'], ['servers', 'start'], ['servers', 'ls', '--odd'], ['servers', 'create', 'x']]) {
    const { code, err } = await start(t, args).ended;
    t.is(code, 2, args.join(' '));
    t.regex(err, /error: /);
  }
  t.is((await start(t, ['servers', 'create', 'x', '-t', 'paper', '--ram', 'much']).ended).code, 2);
});

test('it runs through a link, from anywhere, on its own Node.js', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-cli-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await symlink(BIN, join(folder, 'baton'));
  await symlink('baton', join(folder, 'again'));
  // A `node` that is first on the PATH must not be the one that is taken.
  await writeFile(join(folder, 'node'), '#!/bin/sh\necho wrong node\nexit 9\n', { mode: 0o755 });
  const { code, out } = await start(t, ['--help'], { PATH: `${folder}:/usr/bin:/bin` }, join(folder, 'again')).ended;
  t.is(code, 0);
  t.regex(out, /servers/);
});

test('where nothing listens it asks whether Baton is running', async (t) => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const url = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`;
  probe.close();
  await once(probe, 'close');
  for (const args of [
    ['servers', 'ls'],
    ['servers', 'watch'],
  ]) {
    const { code, err } = await start(t, args, { BATON_URL: url, BATON_TOKEN: 'x' }).ended;
    t.is(code, 3);
    t.is(err, `Baton does not answer at ${url}. Is it running? npm start\n`);
  }
});

test('the token is read from the data directory', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-cli-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'admin-token'), `${TOKEN}\n`);
  const { url } = await openDoor(t, fakeConductor());
  t.is((await start(t, ['servers', 'ls'], { BATON_URL: url, BATON_DATA_DIR: folder }).ended).code, 0);
  const without = await start(t, ['servers', 'ls'], { BATON_URL: url, BATON_DATA_DIR: join(folder, 'none') }).ended;
  t.is(without.code, 1);
  t.regex(without.err, /unauthenticated: .*\n {2}Set BATON_TOKEN/);
});

test('servers are listed as a table for people and as JSON for programs', async (t) => {
  const conductor = fakeConductor();
  conductor.servers.set(
    SECOND,
    serverRow({ id: SECOND, name: 'x', players: 3, status: 'running', statusDetail: 'healthy' }),
  );
  const { baton } = await batonAt(t, conductor);
  const { out } = await baton('servers', 'ls');
  t.deepEqual(out.split('\n').slice(0, 3), [
    'NAME      STATUS             NODE   TEMPLATE  RAM      PLAYERS  PORTS      ID',
    `survival  stopped            local  paper     2048 MB  -        25570/tcp  ${SERVER}`,
    `x         running (healthy)  local  paper     2048 MB  3        25570/tcp  ${SECOND}`,
  ]);
  const json = await baton('servers', 'ls', '--json');
  t.is(JSON.parse(json.out)[1].players, 3);
});

test('the journal of a server is printed, oldest first', async (t) => {
  const conductor = fakeConductor();
  const requests: unknown[] = [];
  const turn = { address: `server/${SERVER}` as const, by: null, operationId: null, effects: [], durationMs: 1 };
  const at = new Date('2026-01-31T12:00:01.000Z');
  const turns = [
    { ...turn, id: '1', seq: 1, event: 'init', from: null, to: 'creating', at },
    { ...turn, id: '2', seq: 2, event: 'node.lost', from: 'running.healthy', to: 'lost.waiting_for_fence', at },
  ];
  const reads = {
    ...conductor.reads,
    async journal(address: string, request: unknown) {
      requests.push(address, request);
      return { items: turns, total: 2, nextCursor: null };
    },
  };
  const { baton } = await batonAt(t, { ...conductor, reads });
  const { out } = await baton('servers', 'history', 'survival');
  t.deepEqual(out.trimEnd().split('\n'), [
    'AT                        EVENT      FROM             TO',
    '2026-01-31T12:00:01.000Z  init       -                creating',
    '2026-01-31T12:00:01.000Z  node.lost  running.healthy  lost.waiting_for_fence',
  ]);
  t.is(requests[0], `server/${SERVER}`);
  t.like(requests[1], { sort: 'seq' });
});

test('a server is named by its id, its name, or the beginning of its id if that is enough', async (t) => {
  const conductor = fakeConductor();
  conductor.servers.set(SECOND, serverRow({ id: SECOND, name: 'creative' }));
  const { baton } = await batonAt(t, conductor);
  for (const ref of [SECOND, 'creative', SECOND.slice(0, -1)]) {
    t.is((await baton('servers', 'start', ref)).code, 0, ref);
    t.is(conductor.calls.at(-1)?.[1], SECOND);
  }
  const several = await baton('servers', 'start', '0199');
  t.is(several.code, 1);
  t.regex(several.err, /"0199" could be 2 servers[\s\S]*survival[\s\S]*creative/);
  const none = await baton('servers', 'start', 'nobody');
  t.is(none.code, 1);
  t.regex(none.err, /no server named "nobody"/);
});

test('options become the body of the command', async (t) => {
  const conductor = fakeConductor();
  const { baton } = await batonAt(t, conductor);
  const made = await baton(
    ...['servers', 'create', 'new one', '-t', 'paper', '--ram', '4G', '--accept-eula', '-e', 'MODE=a=b', 'MOTD='],
    ...['--plan', 'balanced', '--no-start', '--failover', 'fresh', '--failover-grace', '0'],
  );
  t.is(made.code, 0);
  await baton('servers', 'stop', SERVER, '--grace', '5', '--announce', '', '--queue');
  await baton('servers', 'rm', SERVER, '--stop');
  await baton('servers', 'purge', SERVER, '--keep-data');
  await baton('servers', 'failover', SERVER, '--fresh');
  await baton('servers', 'rebuild', SERVER, '--tag', '2');
  await baton(...['servers', 'configure', SERVER, '--ram', '2G', '-e', 'MOTD=hi', '--unset', 'MODE', '--name', 'hub']);
  await baton('servers', 'exec', SERVER, 'say', 'hello', '--json');
  const given = conductor.calls.map((call) => call.slice(0, call[0] === 'createServer' ? 2 : -1));
  t.deepEqual(given, [
    [
      'createServer',
      {
        name: 'new one',
        template: 'paper',
        ramMb: 4096,
        plan: 'balanced',
        failoverPolicy: 'fresh',
        failoverGraceSeconds: 0,
        env: { MODE: 'a=b', MOTD: '', EULA: 'TRUE' },
        start: false,
      },
    ],
    ['commandServer', SERVER, 'stop', { graceSeconds: 5, announce: '' }],
    ['commandServer', SERVER, 'delete', { stopFirst: true }],
    ['commandServer', SERVER, 'purge', { keepData: true }],
    ['commandServer', SERVER, 'failover', { fresh: true }],
    ['commandServer', SERVER, 'rebuild', { imageTag: '2' }],
    ['configureServer', SERVER, { name: 'hub', ramMb: 2048, env: { MOTD: 'hi', MODE: null } }],
    ['exec', SERVER, 'say hello --json'],
  ]);
  t.like(conductor.calls[1]?.at(-1), { ifBusy: 'queue' });
});

test('of a deleted server and one that is there under its name, each command means the one that it can be about', async (t) => {
  const conductor = fakeConductor();
  conductor.servers.set(SECOND, serverRow({ id: SECOND, name: 'survival', status: 'deleted', deletedAt: new Date() }));
  const { baton } = await batonAt(t, conductor);
  for (const words of [['logs'], ['show'], ['history']] as const) {
    t.is((await baton('servers', ...words, 'survival', '--json')).code, 0, words[0]);
  }
  t.is(JSON.parse((await baton('servers', 'show', 'survival', '--json')).out).id, SERVER);
  for (const command of ['undelete', 'purge']) {
    t.is((await baton('servers', command, 'survival')).code, 0, command);
    t.is(conductor.calls.at(-1)?.[1], SECOND);
  }
});

test('a server is shown with why it ended, and templates with what they are', async (t) => {
  const conductor = fakeConductor();
  const exit = { exitCode: 3, oomKilled: false, logTail: ['the last line'], outside: false, at: 0 };
  const lastError = { code: 'crash_loop', message: 'It crashes.', retry: 'permanent' as const, at: 0 };
  conductor.servers.set(SERVER, serverRow({ id: SERVER, name: 'survival', exit, lastError }));
  const { baton } = await batonAt(t, conductor);
  const { out } = await baton('servers', 'show', 'survival');
  t.regex(out, /ended with code 3[\s\S]*the last line\n[\s\S]*crash_loop: It crashes/);
  t.regex((await baton('templates')).out, /paper +\S/);
});

test('fleet, queue and placements are tables of what the API says', async (t) => {
  const conductor = fakeConductor();
  const questions: unknown[] = [];
  const node = {
    ...(await conductor.fleet.fleet()),
    id: SECOND,
    name: 'n1',
    kind: 'dedicated',
    status: 'ready',
  } as const;
  const more = { connection: 'healthy', pressure: 'calm', system: false, labels: {}, engine: 'docker' } as const;
  const counts = {
    cpus: 4,
    diskMb: null,
    reservedCpus: 0,
    reservedDiskMb: 0,
    starting: 1,
    startsMax: 2,
    heldFor: null,
  };
  const { baton } = await batonAt(t, {
    ...conductor,
    fleet: {
      fleet: async () => ({ ...(await conductor.fleet.fleet()), nodes: [{ ...node, ...more, ...counts }] }),
      queue: async () => ({ open: true, entries: [{ ...entry(SERVER, { name: 'lobby' }), position: 1, eta: null }] }),
      explain: async (question) => {
        questions.push(question);
        const free = { ramMb: 2072, cpu: null, diskMb: null };
        return [
          { nodeId: SECOND, name: 'n1', rank: 1, reasons: [], score: { machines: 'dedicated', key: 2072 }, free },
          { nodeId: SERVER, name: 'n2', rank: null, reasons: ['It is cordoned.'], score: null, free },
        ];
      },
    },
  });
  const fleet = await baton('fleet');
  t.regex(fleet.out, /^1 servers on 1 nodes, 0 waiting: 1024 of 3096 MB \(33 %\), 2072 MB available\n/);
  t.regex(fleet.out, /n1 +dedicated +ready +healthy +3096 +1024 +2072 +33 % +1 +1\/2 /);
  t.regex((await baton('queue')).out, /1 +lobby +payperplay +1000 .* full +/);
  const explained = await baton(
    'placements',
    'explain',
    '--ram',
    '2G',
    '--cpu',
    '0.5',
    '-l',
    'region=fsn',
    'disk=nvme',
  );
  t.regex(explained.out, /1 +n1 +2072 +dedicated 2072 +-\n- +n2 +2072 +- +It is cordoned\./);
  t.deepEqual(questions, [{ ramMb: 2048, cpu: 0.5, labels: ['region=fsn', 'disk=nvme'] }]);
  t.is(JSON.parse((await baton('queue', '--json')).out)[0].server_id, SERVER);
});

test('waiting shows progress and ends as the operation does', async (t) => {
  const conductor = fakeConductor();
  const { begin, baton } = await batonAt(t, conductor);
  const done = begin('servers', 'start', SERVER, '--wait');
  while (conductor.calls.length === 0) await new Promise(setImmediate);
  conductor.finish(operationRow().id);
  const { code, out, err } = await done.ended;
  t.is(code, 0);
  t.is(err, 'start: 50 % booting\n');
  t.regex(out, /start server .*: succeeded/);

  const error = { code: 'boot_failed', message: 'It did not boot.', retry: 'permanent' as const };
  conductor.operations.set(operationRow().id, operationRow({ status: 'failed', error, finishedAt: new Date() }));
  const failed = await baton('ops', 'wait', operationRow().id);
  t.is(failed.code, 1);
  t.regex(failed.out, /failed after .*\n {2}boot_failed: It did not boot\./);
});

test('a refusal says what would be possible', async (t) => {
  const details = {
    kind: 'server',
    state: 'stopping',
    operation: { id: testId(1), command: 'stop' },
    allowed: ['kill'],
  };
  const refuse = () => Promise.reject(actorErrors.invalid_transition(details));
  const { baton } = await batonAt(t, fakeConductor({ commandServer: refuse }));
  const { code, err } = await baton('servers', 'start', SERVER);
  t.is(code, 1);
  t.is(
    err,
    [
      'invalid_transition: This cannot be done while the server is stopping.',
      '  It is stopping.',
      `  Running: stop (baton ops show ${testId(1)})`,
      '  Possible now: kill',
      '',
    ].join('\n'),
  );
  const faults = await baton('servers', 'create', 'x', '-t', 'paper', '--cpu', '-1');
  t.is(faults.code, 1);
  t.regex(faults.err, /invalid_request: the request is not valid\n {2}cpu: /);
});

test('the console is printed, and followed', async (t) => {
  const conductor = fakeConductor({
    followLogs: async (_, tail, onLine, signal) => {
      onLine(`the last ${tail}`);
      onLine('and one more');
      await once(signal, 'abort');
    },
  });
  const { baton, begin } = await batonAt(t, conductor);
  t.is((await baton('servers', 'logs', 'survival', '-n', '2')).out, 'line 0\nline 1\n');
  t.is((await baton('servers', 'exec', 'survival', 'list')).out, 'hello\n');
  const following = begin('servers', 'logs', 'survival', '-f', '-n', '7');
  await following.says('the last 7\nand one more\n');
  following.interrupt();
  await following.ended;
});

test('watching prints what happens, and goes on after Baton was restarted without missing anything', async (t) => {
  const conductor = fakeConductor();
  const first = await openDoor(t, conductor);
  const port = Number(new URL(first.url).port);
  const watching = start(t, ['servers', 'watch', '--json'], { BATON_URL: first.url, BATON_TOKEN: TOKEN });
  while (!first.logged.length) await new Promise(setImmediate);
  // Published until it listens: the subscription itself gives no sign on the outside.
  let seq = 0;
  const publish = (type: string) => {
    seq += 1;
    conductor.publish(eventRow(seq, { type }));
  };
  const knocking = setInterval(() => publish('server.players'), 20);
  await watching.says('"seq":');
  clearInterval(knocking);
  await first.close();
  publish('server.crashed');
  await openDoor(t, conductor, {
    settings: { host: '127.0.0.1', port, bodyBytesMax: 1024, waitSecondsMax: 60 },
  });
  await watching.says('"type":"server.crashed"');
  watching.interrupt();
  const { out } = await watching.ended;
  const heard = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).seq);
  t.deepEqual(
    heard,
    Array.from({ length: heard.length }, (_, n) => heard[0] + n),
  );
  t.is(heard.at(-1), seq);
});
