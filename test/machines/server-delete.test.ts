import test from 'ava';
import { serverRefusal, serverStatus } from '../../src/machines/server/index.ts';
import { boot, create, isEnded, observed, off, PREPARED, running, type Server, seen } from './server-stations.ts';

const HOUR = 3_600_000;

function deleted(): Server {
  const server = off();
  server.command('delete');
  return server;
}

test('delete of a server that is off ends at once, and its container goes afterwards', (t) => {
  const server = off();
  const operation = server.command('delete');
  t.is(server.state, 'deleted.removing');
  t.true(isEnded(server, operation?.id, 'succeeded'));
  t.like(server.context, { deletedAt: server.now, purgeAt: server.now + 24 * HOUR });
  server.done('removeContainer');
  t.is(server.state, 'deleted.kept');
  t.is(server.context.containerId, null);
  t.is(server.context.ports.length, 1, 'ports are kept');
});

test('a container that cannot be removed, as when its node is away, is tried again and again', (t) => {
  const server = deleted();
  server.fails('removeContainer', { retry: 'transient' });
  t.is(server.state, 'deleted.waiting');
  server.ring('removeRetry');
  server.ring('removeDeadline');
  server.ring('removeRetry');
  server.done('removeContainer');
  t.is(server.state, 'deleted.kept');
});

test('the purge comes by itself after the retention, however often the removal was tried', (t) => {
  const server = deleted();
  const purgeAt = server.context.purgeAt;
  server.fails('removeContainer');
  server.ring('retention');
  t.is(server.now, Number(purgeAt));
  t.like(server.effects.get('purge')?.input, { keepData: false, nodeId: 'n1', serverId: 's1' });
  t.deepEqual(server.told(), [{ to: 'node/n1', event: { type: 'forget', serverId: 's1', epoch: 1 } }]);
  server.done('purge');
  t.is(server.state, 'purged');
  t.is(server.snapshot.status, 'done');
});

test('undelete looks at what is there', (t) => {
  const server = deleted();
  server.done('removeContainer');
  const undelete = server.command('undelete');
  t.is(server.state, 'deleted.undeleting');
  server.done('verify', seen(server, null));
  t.is(server.state, 'stopped');
  t.like(server.context, { deletedAt: null, purgeAt: null });
  t.true(isEnded(server, undelete?.id, 'succeeded'));
  server.command('start');
  boot(server);
  t.is(server.state, 'running.healthy');
});

test('undelete of a server whose world is gone ends in missing', (t) => {
  const server = deleted();
  const undelete = server.command('undelete');
  server.done('verify', seen(server, null, { dataExists: false }));
  t.is(server.state, 'missing');
  t.true(isEnded(server, undelete?.id, 'succeeded'));
  t.is(server.command('start'), null);
});

test('undelete does not wait for a node that is away: what was last seen decides', (t) => {
  const server = deleted();
  server.command('undelete');
  server.ring('verifyDeadline');
  t.is(server.state, 'stopped');
});

test('the retention that ends while undelete looks purges nothing', (t) => {
  const server = deleted();
  server.now = Number(server.context.purgeAt) - 1;
  server.command('undelete');
  server.ring('retention');
  t.is(server.state, 'deleted.undeleting');
});

test('delete cancels creating, and undelete brings back what can be started', (t) => {
  const server = create(true);
  const operation = server.command('delete');
  t.is(server.state, 'deleted.kept');
  t.true(isEnded(server, 'create-0', 'cancelled'));
  t.true(isEnded(server, operation?.id, 'succeeded'));
  server.command('undelete');
  t.is(server.state, 'stopped');
  server.command('start');
  t.is(server.state, 'creating');
  server.done('prepare', PREPARED);
  boot(server);
  t.is(server.state, 'running.healthy');
});

test('what was never prepared is purged all the same, for its ports', (t) => {
  const server = create(true);
  server.command('delete');
  server.command('purge');
  t.like(server.effects.get('purge')?.input, { nodeId: null });
});

test('a purge is an operation that ends before the end', (t) => {
  const server = deleted();
  const purge = server.command('purge', { keepData: true });
  t.like(server.effects.get('purge')?.input, { keepData: true });
  t.false(server.effects.has('removeContainer'));
  server.done('purge');
  t.true(isEnded(server, purge?.id, 'succeeded'));
  t.is(server.command('start'), null);
});

test('a purge that fails leaves the server deleted, can be asked for again, and comes again by itself', (t) => {
  const server = deleted();
  const purge = server.command('purge');
  server.fails('purge', { code: 'disk_gone' });
  t.is(server.state, 'deleted.purge_failed');
  t.true(isEnded(server, purge?.id, 'failed'));
  t.is(server.context.lastError?.code, 'disk_gone');
  t.is(server.command('undelete'), null, 'part of the world may be gone');
  t.is(server.dueIn('retention'), HOUR);
  server.ring('retention');
  t.is(server.dueIn('purgeDeadline'), 600_000);
  server.ring('purgeDeadline');
  t.is(server.state, 'deleted.purge_failed');
  server.command('purge');
  server.done('purge');
  t.is(server.state, 'purged');
});

test('a missing server is purged without being deleted first', (t) => {
  const server = running();
  server.send(observed(server, null));
  server.command('purge');
  server.fails('purge');
  t.is(server.state, 'deleted.purge_failed');
  t.truthy(server.context.deletedAt);
});

test('status names the state and the inner one', (t) => {
  t.deepEqual(serverStatus(running().snapshot), { status: 'running', detail: 'healthy' });
  t.deepEqual(serverStatus(off().snapshot), { status: 'stopped', detail: null });
});

test('a refusal says when the world is what is missing, or the server is gone for good', (t) => {
  const lost = running();
  lost.send(observed(lost, null, { dataExists: false }));
  t.like(serverRefusal(lost.snapshot, { type: 'start' }), { code: 'no_data' });
  t.is(serverRefusal(lost.snapshot, { type: 'stop' }), undefined);
  t.is(serverRefusal(running().snapshot, { type: 'start' }), undefined);
  const server = deleted();
  server.command('purge');
  server.done('purge');
  t.like(serverRefusal(server.snapshot, { type: 'start' }), { code: 'gone' });
});
