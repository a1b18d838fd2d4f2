import test from 'ava';
import type { EffectContext } from '../../../src/actors/types.ts';
import type { NodeLink } from '../../../src/conductor/interfaces/link.ts';
import { quarantineStrays } from '../../../src/conductor/node/effects/inventory.ts';
import type { NodeWorld } from '../../../src/conductor/node/world.ts';
import type { NodeEffects } from '../../../src/machines/node/index.ts';
import { errors } from '../../../src/nodes/errors.ts';

const ASKED: NodeEffects['quarantineStrays']['input'] = {
  nodeId: 'n1',
  name: 'n1',
  kind: 'dedicated',
  ssh: null,
  hostKey: null,
  leaseEpoch: 4,
  keep: [{ serverId: 'kept', epoch: 2 }],
  stop: [{ id: 'c1', serverId: 'rebuilt', epoch: 1, state: 'exited', exitCode: 0 }],
  quarantine: [{ id: 'c2', serverId: 'moved', newerEpoch: 3 }],
};

/** What is told to a node whose helper answers so. */
async function told(answer: (call: string) => Promise<void>): Promise<readonly string[]> {
  const calls: string[] = [];
  const call =
    (name: string): NodeLink['keep'] =>
    ({ serverId, epoch, leaseEpoch }) => {
      calls.push(`${name} ${serverId} ${epoch} under ${leaseEpoch}`);
      return answer(name);
    };
  const link = { keep: call('keep'), stop: call('stop'), quarantine: call('quarantine') };
  const world = { machines: { of: () => ({ link }) } } as unknown as NodeWorld;
  const context = { signal: new AbortController().signal, progress: () => {} } as unknown as EffectContext;
  await quarantineStrays(world)(ASKED, context);
  return calls;
}

const ALL = ['quarantine moved 3 under 4', 'stop rebuilt 1 under 4', 'keep kept 2 under 4'];

test('what should not run ends before what may run on is told so', async (t) => {
  t.deepEqual(await told(async () => {}), ALL);
});

test('a container of an epoch that the node knows to be over does not keep the others from coming back', async (t) => {
  const answer = (call: string): Promise<void> =>
    call === 'stop'
      ? Promise.reject(errors.stale_epoch({ reason: 'epoch 2 was seen', highest: 2 }))
      : Promise.resolve();
  t.deepEqual(await told(answer), ALL);
});

test('a node that stops answering is not done with', async (t) => {
  const answer = () => Promise.reject(errors.node_unreachable({ reason: 'the connection broke' }));
  await t.throwsAsync(told(answer), { code: 'node_unreachable' });
});
