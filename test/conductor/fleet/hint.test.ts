import test from 'ava';
import { createPicture } from '../../../src/conductor/fleet/index.ts';
import { createLeaseBook } from '../../../src/conductor/node/lease-book.ts';
import { createQueuePicture, hintQueue } from '../../../src/conductor/queue/index.ts';
import { createFleetMemory } from '../../../src/planner/index.ts';
import { asks, STARTS_MAX, testNodes } from './nodes.ts';

function aStart() {
  const clock = { now: () => 0 };
  const picture = createPicture({ memory: createFleetMemory(), clock, startsMax: STARTS_MAX });
  const nodes = testNodes(picture);
  const leases = createLeaseBook();
  const said: string[] = [];
  const send = (_: string, { type }: { readonly type: string }) => void said.push(type);
  const begin = () => hintQueue({ send }, picture, createQueuePicture(clock), leases);
  return { nodes, leases, said, begin };
}

test('the queue opens once each node has told this process what is there', (t) => {
  const { nodes, leases, said, begin } = aStart();
  nodes.add('n1', 8000);
  nodes.add('n2', 8000);
  begin();
  leases.heard('n1', 1);
  t.deepEqual(said, [], 'the process before has heard of both, and this one only of one');
  leases.heard('n2', 2);
  t.deepEqual(said, ['open']);
});

test('it does not wait for a node that does not answer', (t) => {
  const { nodes, leases, said, begin } = aStart();
  nodes.add('n1', 8000);
  nodes.add('n2', 8000);
  begin();
  leases.heard('n1', 1);
  nodes.run('n1', 'a', asks(1000));
  t.deepEqual(said, []);
  nodes.send('n2', { type: 'beat.missed', streak: 3, lastLeaseAt: null });
  t.deepEqual(said, ['open']);
});
