import { once as abortOf } from 'node:events';
import test from 'ava';
import { fakeConductor } from './fixture/conductor.ts';
import { openDoor } from './fixture/door.ts';
import { connectLive, once } from './fixture/live.ts';
import { eventRow, serverRow, testId } from './fixture/rows.ts';

const SERVER = testId(0x5e);
const seqs = (events: readonly { seq: number | null }[]) => events.map(({ seq }) => seq);

test('nobody is let in without the token', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const error = await t.throwsAsync<Error & { data?: unknown }>(connectLive(t, door.url, { token: 'wrong' }));
  t.is(error?.message, 'unauthenticated');
  t.like(error?.data, { code: 'unauthenticated', status: 401 });
});

test('a subscriber hears the events of its rooms, each once, in the envelope of the API', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const client = await connectLive(t, door.url);
  const answer = await client.ask('subscribe', { rooms: ['fleet', `server:${SERVER}`] });
  t.deepEqual(answer, { ok: true, rooms: ['fleet', `server:${SERVER}`], seq: 0 });
  conductor.publish(eventRow(1));
  const [event] = await client.heard(1);
  t.deepEqual(event as unknown, {
    seq: 1,
    type: 'server.status_changed',
    at: '2026-01-31T12:00:00.000Z',
    subject: { kind: 'server', id: SERVER },
    data: { old_status: 'stopped', new_status: 'starting' },
  });
  await client.ask('unsubscribe', { rooms: ['fleet', `server:${SERVER}`] });
  conductor.publish(eventRow(2));
  t.deepEqual((await client.ask('unsubscribe', { rooms: ['fleet'] })).rooms, []);
  t.is(client.events.length, 1);
});

test('a room hears what is about its subject, and what happens to its operations', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  const client = await connectLive(t, door.url);
  await client.ask('subscribe', { rooms: [`server:${SERVER}`, 'queue', 'migrations'] });
  const operation = { type: 'operation.updated', subject: { kind: 'operation', id: testId(1) } };
  conductor.publish(
    eventRow(1, { subject: { kind: 'server', id: testId(99) } }),
    eventRow(2, { ...operation, data: { target: { kind: 'server', id: SERVER } } }),
    eventRow(3, { ...operation, data: { target: { kind: 'server', id: testId(99) } } }),
    eventRow(4, { type: 'queue.updated', subject: { kind: 'queue', id: 'queue' }, data: {} }),
    eventRow(5, { type: 'migration.created', subject: { kind: 'migration', id: testId(2) }, data: {} }),
    eventRow(6, { type: 'node.stats', subject: { kind: 'node', id: testId(3) }, data: {} }),
    eventRow(7),
  );
  t.deepEqual(seqs(await client.heard(4)), [2, 4, 5, 7]);
});

test('since gives what was missed, then goes on live', async (t) => {
  const conductor = fakeConductor();
  const door = await openDoor(t, conductor);
  conductor.publish(...Array.from({ length: 1234 }, (_, n) => eventRow(n + 1)));
  const client = await connectLive(t, door.url, { since: 34 });
  const answer = await client.ask('subscribe', { rooms: ['fleet'] });
  t.is(answer.seq, 1234);
  conductor.publish(eventRow(1235));
  t.deepEqual(
    seqs(await client.heard(1201)),
    Array.from({ length: 1201 }, (_, n) => n + 35),
  );
});

test('rooms and requests that are not known are answered with what is wrong', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const client = await connectLive(t, door.url);
  const cases: [unknown, string, RegExp][] = [
    [{ rooms: ['fleet', 'kitchen'] }, 'invalid_request', /rooms\.1/],
    [{ rooms: [] }, 'invalid_request', /rooms/],
    [{ rooms: ['fleet'], form: 1 }, 'invalid_request', /form/],
    [undefined, 'invalid_request', /./],
    [{ rooms: [`server:${testId(404)}`, `logs:${testId(404)}`] }, 'not_found', /There is no server/],
  ];
  for (const [request, code, text] of cases) {
    const { ok, error } = await client.ask('subscribe', request);
    t.false(ok);
    t.is(error.code, code);
    t.regex(error.detail, text);
  }
  const unsubscribed = await client.ask('unsubscribe', { rooms: ['kitchen'] });
  t.false(unsubscribed.ok);
  // A client that wants no answer must not be able to bring the server down.
  client.socket.emit('subscribe', { rooms: 'x' });
  t.true((await client.ask('subscribe', { rooms: ['fleet'] })).ok);
});

test('while the database is away a subscription is refused and can be repeated', async (t) => {
  let up = false;
  const conductor = fakeConductor(
    {},
    { lastEventSeq: () => (up ? Promise.resolve(0) : Promise.reject(new Error('gone'))) },
  );
  const door = await openDoor(t, conductor);
  const client = await connectLive(t, door.url);
  t.is((await client.ask('subscribe', { rooms: ['fleet'] })).error.code, 'internal');
  up = true;
  t.true((await client.ask('subscribe', { rooms: ['fleet'] })).ok);
});

test('a console is followed from its last lines on, until the room is left', async (t) => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const conductor = fakeConductor({
    followLogs: async (_, tail, onLine, signal) => {
      for (let n = 0; n < tail; n += 1) onLine(`line ${n}`);
      await abortOf(signal, 'abort');
      resolve();
    },
  });
  const door = await openDoor(t, conductor);
  const client = await connectLive(t, door.url);
  t.true((await client.ask('subscribe', { rooms: [`logs:${SERVER}`], tail: 3 })).ok);
  const [event] = await client.heard(1);
  t.like(event, { seq: null, type: 'server.log', data: { lines: ['line 0', 'line 1', 'line 2'], dropped: 0 } });
  await client.ask('unsubscribe', { rooms: [`logs:${SERVER}`] });
  await t.notThrowsAsync(stopped);
});

test('a console is followed from one container to the next', async (t) => {
  const conductor = fakeConductor({
    followLogs: async (id, tail, onLine, signal) => {
      const { containerId } = conductor.servers.get(id) ?? serverRow();
      if (containerId !== null) onLine(`${containerId} from ${tail}`);
      // The first one exits at once; the second goes on.
      if (containerId === 'second') await abortOf(signal, 'abort');
    },
  });
  const change = (containerId: string) => {
    conductor.servers.set(SERVER, serverRow({ containerId }));
    conductor.publish(eventRow(conductor.log.length + 1));
  };
  const door = await openDoor(t, conductor);
  const client = await connectLive(t, door.url);
  await client.ask('subscribe', { rooms: [`logs:${SERVER}`], tail: 3 });
  change('first');
  await client.heard(1);
  change('second');
  await client.heard(2);
  t.deepEqual(
    client.events.flatMap(({ data }) => data.lines),
    ['first from 1000', 'second from 1000'],
  );
});

test('a console is let go when its client disconnects', async (t) => {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  const conductor = fakeConductor({
    followLogs: (_, __, ___, signal) => abortOf(signal, 'abort').then(() => resolve()),
  });
  const door = await openDoor(t, conductor);
  const client = await connectLive(t, door.url);
  await client.ask('subscribe', { rooms: [`logs:${SERVER}`] });
  client.socket.disconnect();
  await t.notThrowsAsync(stopped);
});

test('closing disconnects live clients', async (t) => {
  const door = await openDoor(t, fakeConductor());
  const client = await connectLive(t, door.url);
  const gone = once(client.socket, 'disconnect');
  await door.close();
  await t.notThrowsAsync(gone);
});
