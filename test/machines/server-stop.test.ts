import test from 'ava';
import { exit, isEnded, observed, off, running, seen, stopped } from './server-stations.ts';

test('kill while stopping ends the stop as cancelled and has a deadline of its own', (t) => {
  const server = running();
  const stop = server.command('stop', { announce: '' });
  server.done('save');
  server.now += 45_000;
  const kill = server.command('kill');
  t.is(server.state, 'stopping.killing');
  t.true(isEnded(server, stop?.id, 'cancelled'));
  t.false(server.effects.has('terminate'));
  t.is(server.dueIn('stopDeadline'), 60_000);
  t.is(server.command('kill'), null, 'it is being killed already');
  server.done('kill', { exitCode: 137, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited', exitCode: 137 }));
  t.is(server.state, 'stopped');
  t.true(isEnded(server, kill?.id, 'succeeded'));
});

test('kill during each step of a stop goes to SIGKILL', (t) => {
  for (const steps of [0, 1, 2, 3]) {
    const server = running();
    server.command('stop');
    if (steps > 0) server.done('announce');
    if (steps > 1) server.done('save');
    if (steps > 2) server.done('terminate', { exitCode: 0, oomKilled: false });
    t.truthy(server.command('kill'), `after ${steps} steps`);
    t.deepEqual([...server.effects.keys()], ['kill']);
  }
});

test('kill while a restart stops leaves it stopped', (t) => {
  const server = running();
  const restart = server.command('restart', { announce: '' });
  server.command('kill');
  server.done('kill', { exitCode: 137, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited' }));
  t.is(server.state, 'stopped');
  t.true(isEnded(server, restart?.id, 'cancelled'));
});

test('a stop can be called off while it is announced, and not later', (t) => {
  const server = running();
  const stop = server.command('stop');
  const cancel = server.command('cancel', { operationId: stop?.id });
  t.is(server.state, 'running.healthy');
  t.true(server.effects.has('monitor'));
  t.true(isEnded(server, stop?.id, 'cancelled'));
  t.true(isEnded(server, cancel?.id, 'succeeded'));
  const second = server.command('stop');
  server.done('announce');
  t.is(server.command('cancel', { operationId: second?.id }), null);
});

test('players who cannot be told and a world that cannot be saved do not stop a stop', (t) => {
  const server = running();
  server.command('stop');
  server.fails('announce');
  server.fails('save');
  t.is(server.state, 'stopping.terminating');
  const slow = running();
  slow.command('stop');
  slow.ring('announceDeadline');
  slow.ring('saveDeadline');
  t.is(slow.state, 'stopping.terminating');
});

test('a stop that outlives grace, margin and announcement fails with the container still known', (t) => {
  const server = running();
  const stop = server.command('stop', { graceSeconds: 7, announce: '' });
  server.done('save');
  t.is(server.dueIn('stopDeadline'), 47_000);
  server.ring('stopDeadline');
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'stop_failed');
  t.is(server.context.containerId, 'c1');
  t.true(isEnded(server, stop?.id, 'failed'));
});

test('a container that still runs after it was said to have exited is a stop that failed', (t) => {
  const server = running();
  server.command('kill');
  server.done('kill', { exitCode: null, oomKilled: false });
  server.done('verify', seen(server));
  t.is(server.state, 'failed');
  t.true(server.context.reserved);
});

test('a stop that failed can be given again, and so can a kill', (t) => {
  for (const command of ['stop', 'kill']) {
    const server = running();
    server.command('stop', { announce: '' });
    server.ring('stopDeadline');
    t.is(server.state, 'failed');
    const again = server.command(command);
    if (command === 'stop') server.done('save');
    server.done(command === 'stop' ? 'terminate' : 'kill', { exitCode: 0, oomKilled: false });
    server.done('verify', seen(server, { state: 'exited' }));
    t.is(server.state, 'stopped');
    t.true(isEnded(server, again?.id, 'succeeded'));
    t.false(server.context.reserved);
  }
  const bare = stopped();
  bare.command('start');
  bare.done('place', { placed: true });
  bare.fails('fetch');
  t.is(bare.state, 'failed');
  t.is(bare.command('stop'), null, 'nothing of it can run');
  t.is(bare.command('kill'), null);
});

test('whatever may still run when a container is made or removed is given its grace, unless it is killed', (t) => {
  const server = running();
  server.command('stop', { announce: '' });
  server.ring('stopDeadline');
  server.command('start');
  server.done('place', { placed: true });
  server.done('fetch');
  t.like(server.effects.get('createContainer')?.input, { graceSeconds: 20 });
  t.is(server.dueIn('createDeadline'), 80_000);
  server.command('stop', { graceSeconds: 7 });
  t.like(server.effects.get('removeContainer')?.input, { graceSeconds: 7 });
  t.is(server.dueIn('removeDeadline'), 37_000);
  const killed = off();
  killed.command('start');
  killed.done('place', { placed: true });
  killed.done('fetch');
  killed.command('kill');
  t.like(killed.effects.get('removeContainer')?.input, { graceSeconds: 0 });
});

test('when nobody can look, what the engine said of the exit counts', (t) => {
  const server = running();
  server.command('stop', { announce: '' });
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.ring('verifyDeadline');
  t.is(server.state, 'stopped');
});

test('start is refused while stopping, and taken afterwards', (t) => {
  const server = running();
  server.command('stop', { announce: '' });
  t.is(server.command('start'), null);
  exit(server);
  t.truthy(server.command('start'));
  t.is(server.command('start'), null, 'two starts are one');
});

test('a restart whose world is gone fails rather than make a new one', (t) => {
  const server = running();
  const restart = server.command('restart', { announce: '' });
  server.done('save');
  server.done('terminate', { exitCode: 0, oomKilled: false });
  server.done('verify', seen(server, { state: 'exited' }, { dataExists: false }));
  t.is(server.state, 'failed');
  t.is(server.context.lastError?.code, 'no_data');
  t.true(isEnded(server, restart?.id, 'failed'));
});

test('delete with stop_first is one operation from running to deleted', (t) => {
  const server = running();
  t.is(server.command('delete'), null, 'without it a running server is not deleted');
  const operation = server.command('delete', { stopFirst: true, announce: '' });
  exit(server);
  t.is(server.state, 'deleted.removing');
  t.true(isEnded(server, operation?.id, 'succeeded'));
  t.false(server.context.reserved);
});

test('delete with stop_first ends a start at every step', (t) => {
  for (const steps of [0, 1, 2, 3]) {
    const server = off();
    const start = server.command('start');
    if (steps > 0) server.done('place', { placed: true });
    if (steps > 1) server.done('fetch');
    if (steps > 2) server.done('createContainer', { containerId: 'c2' });
    t.is(server.command('delete'), null);
    const operation = server.command('delete', { stopFirst: true });
    t.true(isEnded(server, start?.id, 'cancelled'));
    if (steps > 2) server.done('terminate', { exitCode: 0, oomKilled: false });
    if (steps > 1) server.done('removeContainer');
    t.is(server.state, 'deleted.removing', `after ${steps} steps`);
    t.true(isEnded(server, operation?.id, 'succeeded'));
    t.false(server.context.reserved);
  }
});

test('an observation never overrides an operation in flight', (t) => {
  const server = running();
  server.command('stop', { announce: '' });
  server.send(observed(server, null, { dataExists: false }));
  t.is(server.state, 'stopping.saving');
  t.false(server.context.dataExists, 'what is seen of the data is remembered all the same');
  t.is(server.context.containerId, 'c1');
});
