import { once } from 'node:events';
import anyTest, { type TestFn } from 'ava';
import { engineConformance } from './engine-conformance.ts';
import { type DockerRun, openDockerRun } from './helpers/docker.ts';
import { atMost } from './helpers/gate.ts';
import { openSshNode, type SshNodeRun } from './helpers/ssh-node.ts';
import { eventually } from './helpers/waiting.ts';

const declare = anyTest as TestFn;
const test = atMost(3, declare);
let node: SshNodeRun;
let run: DockerRun;

declare.before('there is an engine behind an sshd', async () => {
  run = await openDockerRun(async (nodeId) => {
    node = await openSshNode({ nodeId });
    await node.setUp();
    await node.keepLease(1);
    return node.host.engine;
  });
});
declare.after.always('nothing is left behind', async () => {
  await run?.close();
  await node?.close();
});

engineConformance(test, () => run);

test('a game is reached at its own address by way of its machine', async (t) => {
  const { id } = await run.engine.createContainer(run.spec());
  await run.engine.startContainer(id);
  await eventually('the game listens', async () => (await run.engine.logTail(id, 10)).includes('ready'));
  const address = (await run.engine.inspectContainer(id))?.address ?? '';
  const { remote } = run.engine;
  t.is(remote?.hostname, '127.0.0.1');
  const connection = await remote?.dial(address, 7000, AbortSignal.timeout(10_000));
  const [greeting] = connection ? await once(connection, 'data') : [];
  connection?.destroy();
  t.is(String(greeting), 'hello\n');
  await t.throwsAsync(async () => remote?.dial(address, 7001, AbortSignal.timeout(10_000)), {
    code: 'forwarding_failed',
    message: new RegExp(`${address}:7001`),
  });
});
