import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { LiveEvent, Principal } from '../../src/actors/types.ts';
import { httpLimits } from '../../src/http/limits.ts';
import { createSubscriber, type Pipe } from '../../src/http/live/subscriber.ts';
import { ACCOUNT, eventRow, testId } from './fixture/rows.ts';

const ADMIN: Principal = { accountId: ACCOUNT, name: 'admin', admin: true };
const LIMITS = { ...httpLimits, replayBatch: 3, liveBuffer: 100, liveQueue: 1000, liveMemory: 4 };

/** A client that takes everything at once. */
function client(changes: Partial<Pipe> = {}) {
  const got: number[] = [];
  const pipe: Pipe = {
    send: ({ seq }) => void got.push(seq),
    pending: () => 0,
    drained: async () => {},
    tooSlow: () => {},
    ...changes,
  };
  return { got, pipe };
}

const about = (seq: number, server: number): LiveEvent =>
  eventRow(seq, { subject: { kind: 'server', id: testId(server) } });

test('whatever happens while older events are given, each event comes once and none is missed', async (t) => {
  // A script of what happens between the reads of the log: events of two servers are stored and published.
  const moment = fc.array(fc.constantFrom(1, 2), { maxLength: 4 });
  const rooms = fc.constantFrom('fleet', `server:${testId(1)}`, `server:${testId(2)}`);
  const join = fc.record({ rooms: fc.uniqueArray(rooms, { minLength: 1 }), back: fc.nat(12) });
  await t.notThrowsAsync(() =>
    fc.assert(
      fc.asyncProperty(
        fc.array(moment, { maxLength: 25 }),
        fc.array(join, { minLength: 1, maxLength: 4 }),
        async (moments, joins) => {
          const log: LiveEvent[] = [];
          const unpublished: LiveEvent[] = [];
          const script = [...moments];
          const { got, pipe } = client();
          const step = () => {
            // Publishing comes some time after storing.
            for (const event of unpublished.splice(0)) subscriber.hear(event);
            for (const server of script.shift() ?? []) {
              const event = about(log.length + 1, server);
              log.push(event);
              unpublished.push(event);
            }
          };
          const reads = {
            firstEventSeq: async () => 1,
            lastEventSeq: async () => log.length,
            events: async (since: number, limit: number) => {
              step();
              const rows = log.slice(since, since + limit);
              step();
              return rows;
            },
          };
          const subscriber = createSubscriber(ADMIN, pipe, reads, LIMITS);
          const expected = new Set<number>();
          const from = new Map<string, number>();
          for (const { rooms: asked, back } of joins) {
            step();
            const since = Math.max(0, log.length - back);
            for (const room of asked) from.set(room, Math.min(since, from.get(room) ?? since));
            await subscriber.join(asked, since);
          }
          while (script.length > 0 || unpublished.length > 0) step();
          for (const { seq, subject } of log) {
            for (const room of ['fleet', `server:${subject.id}`]) {
              const since = from.get(room);
              if (since !== undefined && seq > since) expected.add(seq);
            }
          }
          assert.deepEqual(
            [...got].sort((a, b) => a - b),
            [...expected].sort((a, b) => a - b),
          );
        },
      ),
      { numRuns: 1500 },
    ),
  );
});

test('with one room the events come in order', async (t) => {
  const log = [1, 2, 3, 4, 5].map((seq) => about(seq, 1));
  const { got, pipe } = client();
  const reads = {
    firstEventSeq: async () => 1,
    lastEventSeq: async () => log.length,
    events: async (since: number, limit: number) => {
      if (since === 0) {
        log.push(about(6, 1));
        subscriber.hear(about(6, 1));
      }
      return log.slice(since, since + limit);
    },
  };
  const subscriber = createSubscriber(ADMIN, pipe, reads, LIMITS);
  t.is(await subscriber.join(['fleet'], 0), 6);
  subscriber.hear(about(7, 1));
  t.deepEqual(got, [1, 2, 3, 4, 5, 6, 7]);
});

test('an event that is published late, after a younger one, is given all the same', async (t) => {
  const { got, pipe } = client();
  const reads = { firstEventSeq: async () => 1, lastEventSeq: async () => 0, events: async () => [about(2, 1)] };
  const subscriber = createSubscriber(ADMIN, pipe, reads, LIMITS);
  await subscriber.join(['fleet'], 0);
  subscriber.hear(about(2, 1));
  subscriber.hear(about(1, 1));
  t.deepEqual(got, [2, 1]);
});

test('a position from another life of the database does not silence the channel', async (t) => {
  const { got, pipe } = client();
  const subscriber = createSubscriber(
    ADMIN,
    pipe,
    { firstEventSeq: async () => 1, lastEventSeq: async () => 5, events: async () => [] },
    LIMITS,
  );
  t.is(await subscriber.join(['fleet'], 4711), 5);
  subscriber.hear(about(6, 1));
  t.deepEqual(got, [6]);
});

test("an owner hears nothing of another's servers", async (t) => {
  const { got, pipe } = client();
  const asked: unknown[] = [];
  const reads = {
    firstEventSeq: async () => 1,
    lastEventSeq: async () => 0,
    events: async (_: number, __: number, ownerId?: string) => {
      asked.push(ownerId);
      return [];
    },
  };
  const owner = { accountId: testId(5), name: 'owner', admin: false };
  const subscriber = createSubscriber(owner, pipe, reads, LIMITS);
  await subscriber.join(['fleet'], 0);
  subscriber.hear(about(1, 1));
  subscriber.hear({ ...about(2, 1), ownerId: testId(5) });
  subscriber.hear({ ...about(3, 1), ownerId: null });
  t.deepEqual(asked, [testId(5)]);
  t.deepEqual(got, [2]);
});

test('a client that does not keep up is sent away instead of filling the memory', async (t) => {
  let sentAway = 0;
  const slow = client({
    pending: () => LIMITS.liveQueue + 1,
    tooSlow: () => {
      sentAway += 1;
    },
  });
  const subscriber = createSubscriber(
    ADMIN,
    slow.pipe,
    { firstEventSeq: async () => 1, lastEventSeq: async () => 0, events: async () => [] },
    LIMITS,
  );
  await subscriber.join(['fleet']);
  subscriber.hear(about(1, 1));
  t.is(sentAway, 1);
  t.deepEqual(slow.got, []);
});

test('what is kept back during a replay is bounded', async (t) => {
  const { promise: tooSlow, resolve } = Promise.withResolvers<void>();
  const { pipe } = client({ tooSlow: resolve });
  const { promise: reading, resolve: begun } = Promise.withResolvers<void>();
  const events = () => {
    begun();
    return new Promise<LiveEvent[]>(() => {});
  };
  const subscriber = createSubscriber(
    ADMIN,
    pipe,
    { firstEventSeq: async () => 1, lastEventSeq: async () => 0, events },
    LIMITS,
  );
  void subscriber.join(['fleet'], 0);
  await reading;
  for (let seq = 1; seq <= LIMITS.liveBuffer + 1; seq += 1) subscriber.hear(about(seq, 1));
  await t.notThrowsAsync(tooSlow);
});

test('where events were removed that a client has not heard, it is told so instead of going on without them', async (t) => {
  const log = [7, 8, 9].map((seq) => about(seq, 1));
  const { got, pipe } = client();
  const reads = {
    firstEventSeq: async () => 7,
    lastEventSeq: async () => 9,
    events: async (since: number) => log.filter(({ seq }) => seq > since),
  };
  const subscriber = createSubscriber(ADMIN, pipe, reads, LIMITS);
  await t.throwsAsync(subscriber.join(['fleet'], 5), { code: 'events_gone' } as object);
  t.deepEqual(subscriber.rooms(), []);
  await subscriber.join(['fleet'], 6);
  t.deepEqual(got, [7, 8, 9], 'the next one after 6 is still there');
});
