import test from 'ava';
import type { EffectContext } from '../../../src/actors/types.ts';
import type { NodeReading } from '../../../src/conductor/interfaces/link.ts';
import { decommission, wipe } from '../../../src/conductor/node/effects/setup.ts';
import type { NodeWorld } from '../../../src/conductor/node/world.ts';

const FACTS = {
  nodeId: 'n1',
  name: 'n1',
  kind: 'dedicated',
  ssh: { hostname: 'n1.example', user: 'root', port: 22, dockerHost: null, root: null },
  hostKey: 'key',
  leaseEpoch: 4,
} as const;

/** A machine that answers so, and what is done to it. */
function machine(answer: Partial<NodeReading>) {
  const done: string[] = [];
  const reading = async () => ({ nodeId: 'n1', containers: [], worlds: [], ...answer }) as unknown as NodeReading;
  const link = {
    connect: reading,
    observe: reading,
    uninstall: async (epoch: number) => void done.push(`uninstall ${epoch}`),
  };
  const world = {
    machines: { add: () => {}, of: () => ({ link }), remove: async (id: string) => void done.push(`forget ${id}`) },
    keys: { dropKey: async () => {} },
  } as unknown as NodeWorld;
  const context = { signal: new AbortController().signal } as unknown as EffectContext;
  return { done, wipe: () => wipe(world)(FACTS, context), decommission: () => decommission(world)(FACTS, context) };
}

test('a removed node that answers again is cleaned up, unless its machine is another node by now', async (t) => {
  const [own, others] = [machine({}), machine({ nodeId: 'n2' })];
  await own.wipe();
  t.deepEqual(own.done, ['uninstall 4', 'forget n1']);
  await others.wipe();
  t.deepEqual(others.done, ['forget n1'], 'what the other node has stays');
});

test('a machine is not given back while worlds of servers that are off lie on it', async (t) => {
  const held = machine({ worlds: [{ serverId: 's1', epoch: 1, hasData: true }] });
  await t.throwsAsync(held.decommission(), { code: 'node_has_worlds', message: /1 worlds.*s1/ } as object);
  t.deepEqual(held.done, []);
  const empty = machine({ worlds: [{ serverId: 's1', epoch: 1, hasData: false }] });
  await empty.decommission();
  t.deepEqual(empty.done, ['uninstall 4', 'forget n1']);
});
