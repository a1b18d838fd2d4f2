import test from 'ava';
import type { EffectContext } from '../../../src/actors/types.ts';
import { createPicture } from '../../../src/conductor/fleet/index.ts';
import { createQueuePicture } from '../../../src/conductor/queue/index.ts';
import { match } from '../../../src/conductor/queue/match.ts';
import {
  createQueueMachine,
  QUEUE_LIMITS,
  type QueueContext,
  type QueueEntry,
} from '../../../src/machines/queue/index.ts';
import { createFleetMemory, createInlinePlanner } from '../../../src/planner/index.ts';
import { Drive } from '../../machines/drive.ts';
import { entry, MINUTE, NOW, ramMb, waiting } from '../../machines/queue-entries.ts';
import { asks, STARTS_MAX, testNodes } from './nodes.ts';

function aQueue(limits = QUEUE_LIMITS, startsMax = STARTS_MAX) {
  const clock = { at: NOW, now: () => clock.at };
  const memory = createFleetMemory();
  const picture = createPicture({ memory, clock, startsMax });
  const nodes = testNodes(picture, startsMax);
  const queue = createQueuePicture(clock);
  const planner = createInlinePlanner({ memory });
  const run = match({ queue, picture, planner, engine: 'simulated', clock, limits });
  let seq = 0;
  const look = async () => run({}, { signal: new AbortController().signal } as EffectContext);
  return {
    clock,
    nodes,
    picture,
    queue,
    look,
    /** What the queue's actor holds. */
    hold(context: Partial<QueueContext>, value: unknown = { open: 'matching' }) {
      seq += 1;
      const full = { operation: null, entries: [], placedAt: [], again: false, ...context };
      queue.note({ address: 'queue/main', seq, snapshot: { value: value as never, context: full } });
    },
    async offers(entries: readonly QueueEntry[]): Promise<Record<string, string>> {
      this.hold({ entries });
      const { offers } = await look();
      return Object.fromEntries(offers.map(({ serverId, nodeId }) => [serverId, nodeId]));
    },
  };
}

test('servers of one round are placed together, the largest first, after those of the rounds and plans before', async (t) => {
  const q = aQueue();
  q.nodes.add('n1', 8000);
  const small = entry('small', { ownerId: 'a', queuedAt: 1, ...ramMb(2500) });
  const large = entry('large', { ownerId: 'b', queuedAt: 2, ...ramMb(6000) });
  t.deepEqual(await q.offers([small, large]), { large: 'n1' });

  const next = aQueue();
  next.nodes.add('n1', 8000);
  const second = { ...large, ownerId: 'a' };
  t.deepEqual(await next.offers([small, second]), { small: 'n1' }, "an owner's own come in their order");

  const last = aQueue();
  last.nodes.add('n1', 8000);
  t.deepEqual(
    await last.offers([
      { ...large, plan: 'payperplay' },
      { ...small, plan: 'reserved' },
    ]),
    { small: 'n1' },
  );
});

test('one that fits nowhere does not block those behind it', async (t) => {
  const q = aQueue();
  q.nodes.add('n1', 8000);
  q.nodes.run('n1', 'x', asks(3000));
  const all = [
    entry('large', { queuedAt: 1, ...ramMb(6000) }),
    entry('a', { queuedAt: 2 }),
    entry('b', { queuedAt: 3 }),
  ];
  t.deepEqual(await q.offers(all), { a: 'n1', b: 'n1' });
});

test('a server with a world is offered its own node and no other', async (t) => {
  const q = aQueue();
  q.nodes.add('n1', 4000);
  q.nodes.add('n2', 16_000);
  q.nodes.run('n1', 'x', asks(2900));
  t.deepEqual(await q.offers([entry('tied', { only: 'n1' }), entry('free')]), { free: 'n2' });
});

test('what was offered counts as taken until its server has come, or does not come', async (t) => {
  const q = aQueue();
  q.nodes.add('n1', 4000);
  t.deepEqual(await q.offers([entry('a', ramMb(2000))]), { a: 'n1' });
  const offered = entry('a', { ...ramMb(2000), offer: { nodeId: 'n1', until: NOW + QUEUE_LIMITS.offerMs } });
  t.deepEqual(await q.offers([offered, entry('b', ramMb(2000))]), {});
  q.clock.at += QUEUE_LIMITS.offerMs;
  q.picture.settled('nobody');
  t.deepEqual(await q.offers([offered, entry('b', ramMb(2000))]), { b: 'n1' });
});

test('a node is held for one that was overtaken often or long enough, and takes nobody else', async (t) => {
  for (const overtaken of [{ overtaken: 10 }, { overtaken: 1, queuedAt: NOW - 2 * MINUTE }]) {
    const q = aQueue();
    q.nodes.add('n1', 8000);
    q.nodes.add('small', 4000);
    q.nodes.run('n1', 'x', asks(3000));
    q.nodes.run('small', 'y', asks(2800));
    const large = entry('large', { ...ramMb(6000), ...overtaken });
    q.hold({ entries: [large, entry('a'), entry('tied', { only: 'n1' })] });
    t.deepEqual(await q.look(), { offers: [], held: [{ serverId: 'large', nodeId: 'n1' }], more: false });
    q.hold({ entries: [{ ...large, heldOn: 'n1' }, entry('a')] });
    t.deepEqual([q.queue.heldFromIt('a'), q.queue.heldFromIt('large')], [['n1'], []]);

    q.hold({ entries: [{ ...large, overtaken: 9, queuedAt: NOW }, entry('a')] });
    t.like(await q.look(), { offers: [{ serverId: 'a' }], held: [] });
  }
});

test('who has kept his room waits for a turn to start in it, and not for the room', async (t) => {
  const q = aQueue(QUEUE_LIMITS, 2);
  q.nodes.add('n1', 8000);
  for (const id of ['a', 'b', 'c']) q.nodes.run('n1', id, asks(2000));
  const entries = ['a', 'b', 'c'].map((id) => entry(id, { only: 'n1', ...ramMb(2000) }));
  t.deepEqual(await q.offers(entries), { a: 'n1', b: 'n1' }, 'as many as may start at once');
  q.picture.settled('a');
  t.deepEqual(await q.offers(entries.slice(2)), { c: 'n1' });
});

test('room is held for nobody who would not fit even on an empty node, and once on each node', async (t) => {
  const q = aQueue();
  q.nodes.add('n1', 8000);
  q.nodes.add('n2', 8000);
  for (const id of ['n1', 'n2']) q.nodes.run(id, `x${id}`, asks(3000));
  const often = { overtaken: 10 };
  const entries = [
    entry('huge', { queuedAt: 1, ...ramMb(20_000), ...often }),
    ...[2, 3, 4].map((at) => entry(`large${at}`, { queuedAt: at, ...ramMb(6000), ...often })),
  ];
  q.hold({ entries });
  const { held } = await q.look();
  t.deepEqual(held.map(({ serverId }) => serverId).sort(), ['large2', 'large3']);
  t.is(new Set(held.map(({ nodeId }) => nodeId)).size, 2);
  q.hold({ entries: entries.map((one) => ({ ...one, heldOn: one.serverId === 'large2' ? 'n2' : null })) });
  t.true(
    (await q.look()).held.some(({ serverId, nodeId }) => serverId === 'large2' && nodeId === 'n2'),
    'it stays',
  );
});

test('while anybody waits only those with an offer are admitted; else everybody is, once it is open', (t) => {
  const q = aQueue();
  t.like(q.queue.admission('a'), { admitted: false });
  q.hold({}, 'booting');
  t.like(q.queue.admission('a'), { admitted: false });
  q.hold({}, { open: 'empty' });
  t.deepEqual(q.queue.admission('a'), { admitted: true, nodeId: null });
  q.hold({ entries: [entry('a', { offer: { nodeId: 'n1', until: NOW + 1 } }), entry('b')] });
  t.deepEqual(q.queue.admission('a'), { admitted: true, nodeId: 'n1' });
  t.like(q.queue.admission('b'), { admitted: false });
  t.like(q.queue.admission('new'), { admitted: false });
  q.clock.at += 1;
  t.like(q.queue.admission('a'), { admitted: false }, 'too late');
});

test('small servers that come and go for ever do not keep a large one from its place', async (t) => {
  const q = aQueue();
  q.nodes.add('n1', 8000);
  const actor = new Drive<QueueContext>(createQueueMachine(), {}, NOW);
  actor.send({ type: 'open' });
  const running: string[] = [];
  const enter = (serverId: string, mb: number) =>
    actor.send({
      type: 'enter',
      entry: waiting(serverId, { queuedAt: q.clock.at, givesUpAt: q.clock.at + 60 * MINUTE, ...ramMb(mb) }),
    });

  /** The actor's look, and what those do who are told. */
  async function look(): Promise<void> {
    q.hold(actor.context);
    actor.done('match', await q.look());
    for (const { to } of actor.told()) {
      const serverId = to.slice('server/'.length);
      const one = actor.context.entries.find((each) => each.serverId === serverId);
      const placement = q.nodes.run(one?.offer?.nodeId ?? '', serverId, one?.demand ?? asks(0));
      t.true(placement?.placed);
      q.picture.settled(serverId);
      running.push(serverId);
      actor.send({ type: 'leave', serverId, placed: true });
    }
  }

  for (let n = 0; n < 3; n += 1) q.nodes.run('n1', `s${n}`, asks(2000));
  running.push('s0', 's1', 's2');
  enter('large', 6000);
  let overtakings = 0;
  for (let n = 3; !running.includes('large') && n < 100; n += 1) {
    enter(`s${n}`, 2000);
    while (actor.effects.has('match')) await look();
    if (running.includes(`s${n}`)) overtakings += 1;
    const [oldest = ''] = running.splice(0, 1);
    q.nodes.send('n1', { type: 'release', serverId: oldest, epoch: 1 });
    actor.send({ type: 'room' });
    while (actor.effects.has('match')) await look();
  }
  t.true(running.includes('large'));
  t.true(overtakings <= QUEUE_LIMITS.overtakingMax, `${overtakings} overtook it`);
});
