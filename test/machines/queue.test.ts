import test from 'ava';
import { createQueueMachine, QUEUE_LIMITS, type QueueContext, type Waiting } from '../../src/machines/queue/index.ts';
import { Drive } from './drive.ts';
import { MINUTE, waiting } from './queue-entries.ts';

type Queue = Drive<QueueContext>;

const machine = createQueueMachine();
const boot = (): Queue => new Drive<QueueContext>(machine, { operation: { id: 'create-0', command: 'create' } });

function open(): Queue {
  const queue = boot();
  queue.send({ type: 'open' });
  return queue;
}

const enter = (queue: Queue, serverId: string, more: Partial<Waiting> = {}) =>
  queue.send({
    type: 'enter',
    entry: waiting(serverId, { queuedAt: queue.now, givesUpAt: queue.now + 10 * MINUTE, ...more }),
  });

/** The look ends, with these offers. */
const offer = (queue: Queue, offers: Record<string, string>, held: Record<string, string> = {}, more = false) => {
  const pairs = (of: Record<string, string>) => Object.entries(of).map(([serverId, nodeId]) => ({ serverId, nodeId }));
  queue.done('match', { offers: pairs(offers), held: pairs(held), more });
};

const told = (queue: Queue) => queue.told().map(({ to, event }) => `${to} ${event.type}`);
const find = (queue: Queue, serverId: string) => queue.context.entries.find((one) => one.serverId === serverId);

test('after a start nobody is offered anything until inventories were read, or two minutes have passed', (t) => {
  const queue = boot();
  t.deepEqual(queue.ended, [{ id: 'create-0', outcome: 'succeeded' }]);
  enter(queue, 'a');
  queue.send({ type: 'room' });
  t.is(queue.state, 'booting');
  t.is(queue.dueIn('bootDeadline'), 2 * MINUTE);
  queue.ring('bootDeadline');
  t.is(queue.state, 'open.matching');
  queue.send({ type: 'boot' });
  t.is(queue.state, 'booting', 'the next start of the process');
  t.false(queue.effects.has('match'));
  t.is(queue.context.entries.length, 1, 'who waits is not forgotten');
  queue.send({ type: 'open' });
  t.is(queue.state, 'open.matching');
});

test('whoever enters is looked at, together with everybody else, and offers are told', (t) => {
  const queue = open();
  t.is(queue.state, 'open.empty');
  t.deepEqual(queue.delays(), [], 'nothing ticks while nobody waits');
  enter(queue, 'a');
  enter(queue, 'b');
  offer(queue, { b: 'n1' });
  t.deepEqual(told(queue), ['server/b capacity.available']);
  t.deepEqual(find(queue, 'b')?.offer, { nodeId: 'n1', until: queue.now + QUEUE_LIMITS.offerMs });
  t.is(queue.state, 'open.matching', 'b entered while a was looked at');
  offer(queue, {});
  t.is(queue.state, 'open.waiting');
  queue.send({ type: 'leave', serverId: 'b', placed: true });
  t.deepEqual(queue.context.placedAt, [queue.now]);
  queue.send({ type: 'leave', serverId: 'a', placed: false });
  t.is(queue.state, 'open.empty');
  t.deepEqual(queue.context.placedAt.length, 1, 'giving up is no placement');
});

test('a hint has it look again, and without one it looks by itself', (t) => {
  const queue = open();
  t.false(queue.send({ type: 'room' }), 'nobody waits');
  enter(queue, 'a');
  queue.send({ type: 'room' });
  t.false(queue.send({ type: 'room' }), 'it will look again already');
  offer(queue, {});
  offer(queue, {});
  t.is(queue.state, 'open.waiting');
  queue.ring('poll');
  t.is(queue.state, 'open.matching');
  queue.fails('match');
  t.is(queue.state, 'open.waiting', 'a look that fails is followed by the next one');
  queue.send({ type: 'room' });
  queue.ring('matchDeadline');
  t.is(queue.state, 'open.waiting');
});

test('more offers than fit into one turn are made in the next', (t) => {
  const queue = open();
  enter(queue, 'a');
  offer(queue, { a: 'n1' }, {}, true);
  t.is(queue.state, 'open.matching');
});

test('a server whose node refused it comes again, and rests before it gets another offer', (t) => {
  const queue = open();
  enter(queue, 'a');
  offer(queue, { a: 'n1' });
  enter(queue, 'a', { attempt: 1, reason: 'someone was quicker' });
  t.like(find(queue, 'a'), { attempt: 1, reason: 'someone was quicker', offer: null, restsUntil: queue.now + 5_000 });
  offer(queue, { a: 'n1' });
  t.deepEqual(told(queue), [], 'it rests');
  queue.now += 5_000;
  queue.ring('poll');
  offer(queue, { a: 'n1' });
  t.deepEqual(told(queue), ['server/a capacity.available']);
});

test('one that does not come for its offer is offered none for a minute, and goes when its time is up', (t) => {
  const queue = open();
  enter(queue, 'a');
  offer(queue, { a: 'n1' });
  queue.now += QUEUE_LIMITS.offerMs + QUEUE_LIMITS.absentMs - 1;
  queue.ring('poll');
  offer(queue, { a: 'n1' });
  t.deepEqual(told(queue), []);
  queue.now += 1;
  queue.ring('poll');
  offer(queue, { a: 'n1' });
  t.deepEqual(told(queue), ['server/a capacity.available']);
  queue.now += 11 * MINUTE;
  queue.ring('poll');
  t.deepEqual(queue.context.entries, []);
});

test('who is passed by is counted, if it might have gone there; a hold ends with whom it was for', (t) => {
  const queue = open();
  enter(queue, 'large');
  enter(queue, 'tied', { only: 'n2' });
  enter(queue, 'shy', { avoid: ['n1'] });
  for (const id of ['x', 'y', 'z']) enter(queue, id);
  offer(queue, { x: 'n1', y: 'n1', z: 'n2' }, { large: 'n1' });
  t.deepEqual(
    ['large', 'tied', 'shy', 'x'].map((id) => find(queue, id)?.overtaken),
    [3, 1, 1, 0],
  );
  t.is(find(queue, 'large')?.heldOn, 'n1');
  offer(queue, {});
  t.is(find(queue, 'large')?.heldOn, null, 'the look says anew whom room is held for');
  queue.ring('poll');
  offer(queue, {}, { large: 'n1' });
  t.is(queue.state, 'open.waiting');
  queue.send({ type: 'leave', serverId: 'large', placed: true });
  t.is(queue.state, 'open.matching', 'others may go there now');
});

test('it keeps so many and no more, and each of them once', (t) => {
  const queue = new Drive<QueueContext>(createQueueMachine({ ...QUEUE_LIMITS, entriesMax: 2 }), {});
  queue.send({ type: 'open' });
  for (const id of ['a', 'b', 'a', 'c']) enter(queue, id);
  t.deepEqual(
    queue.context.entries.map(({ serverId }) => serverId),
    ['a', 'b'],
  );
  t.false(queue.send({ type: 'leave', serverId: 'c', placed: false }));
  queue.send({ type: 'leave', serverId: 'a', placed: false });
  enter(queue, 'c');
  t.is(queue.context.entries.length, 2);
});

test('the machine names all that it does, for stored turns and drawings', (t) => {
  const inline: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'function') inline.push(path);
    else if (value !== null && typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
  };
  walk(machine.config.states, 'states');
  t.deepEqual(inline, []);
  t.notThrows(() => JSON.stringify(machine.definition));
});
