import anyTest, { type TestFn } from 'ava';
import { createDockerEngine, detectDocker } from '../../src/nodes/index.ts';
import { type DockerRun, openDockerRun } from './helpers/docker.ts';
import { type DockerProxy, openDockerProxy } from './helpers/proxy.ts';
import { eventLog, eventually } from './helpers/waiting.ts';

const test = anyTest as TestFn<{ proxy: DockerProxy; over: AbortController }>;
// One after the other: each watches the node with an engine of its own, and such an engine sweeps away what it takes for left over.
let run: DockerRun;

test.before('there is an engine', async () => {
  run = await openDockerRun();
});
test.after.always('nothing is left behind', () => run?.close());
test.beforeEach(async (t) => {
  t.context = { proxy: await openDockerProxy(), over: new AbortController() };
});
test.afterEach.always(async (t) => {
  t.context.over?.abort();
  await t.context.proxy?.close();
});

/** An engine behind the proxy that is watched. */
function watched({ proxy, over }: { proxy: DockerProxy; over: AbortController }) {
  const events = eventLog();
  const problems: string[] = [];
  const engine = createDockerEngine({
    nodeId: run.nodeId,
    host: proxy.host,
    onProblem: (problem) => problems.push(problem.code),
  });
  let connections = 0;
  engine.watch(
    events.listener,
    () => {
      connections += 1;
    },
    over.signal,
  );
  const connected = (times: number) => eventually(`connection ${times}`, () => connections === times);
  return { engine, events, problems, connected };
}

test.serial('a cut event stream is taken up again, and says so', async (t) => {
  const { events, problems, connected } = watched(t.context);
  await connected(1);
  const { id } = await run.engine.createContainer(run.spec());
  await events.until(id, 'created');
  t.context.proxy.cut();
  await connected(2);
  t.deepEqual([...new Set(problems)], ['engine_unavailable']);
  await run.engine.startContainer(id);
  await events.until(id, 'started');
  t.deepEqual(
    events.of(id).map((event) => event.type),
    ['created', 'started'],
    'nothing is told twice',
  );
});

test.serial(
  'an engine that is gone is unavailable until it is back, and what happened meanwhile is told',
  async (t) => {
    const { engine, events, connected } = watched(t.context);
    await connected(1);
    const { id } = await run.engine.createContainer(run.spec());
    await events.until(id, 'created');
    await t.context.proxy.refuse();
    const error = await t.throwsAsync(engine.inventory(), { code: 'engine_unavailable' });
    t.like(error, { retry: 'transient' });
    await run.engine.startContainer(id);
    await eventually('it runs', async () => (await run.engine.logTail(id, 1))[0] === 'ready');
    await run.engine.stopContainer(id, 10_000);
    await t.context.proxy.heal();
    await connected(2);
    t.true((await engine.inventory()).some((container) => container.id === id));
    t.like(await events.until(id, 'exited'), { exitCode: 3, requested: true });
    t.deepEqual(
      events.of(id).map((event) => event.type),
      ['created', 'started', 'exited'],
    );
  },
);

test.serial('an engine that is about to end does not say when it began, though it still answers', async (t) => {
  const { engine } = watched(t.context);
  const began = await engine.startedAt();
  t.true((began ?? 0) > 0 && (began ?? 0) < Date.now());
  t.true(Array.isArray(await engine.inventory()), 'a connection is open now');
  t.context.proxy.closeDoor();
  t.true(Array.isArray(await engine.inventory()), 'and still is');
  await t.throwsAsync(engine.startedAt(), { code: 'engine_unavailable' });
});

test.serial('a stop whose answer is lost still ends the game', async (t) => {
  const engine = createDockerEngine({ nodeId: run.nodeId, host: t.context.proxy.host });
  const { id } = await engine.createContainer(run.spec({ env: { STUBBORN: '1' } }));
  await engine.startContainer(id);
  await eventually('it runs', async () => (await run.engine.logTail(id, 1))[0] === 'ready');
  const stopping = t.throwsAsync(engine.stopContainer(id, 1_000), { code: 'engine_unavailable' });
  await eventually('the signal arrives', async () => (await run.engine.logTail(id, 1))[0] === 'I stay');
  t.context.proxy.cut();
  await stopping;
  await eventually('Docker kills it', async () => (await run.engine.inspectContainer(id))?.exitCode === 137);
  t.like(await engine.stopContainer(id, 1_000), { exitCode: 137 }, 'and asking again is no error');
});

test.serial('a listener that throws does not end the watch', async (t) => {
  const { proxy, over } = t.context;
  const problems: string[] = [];
  const engine = createDockerEngine({
    nodeId: run.nodeId,
    host: proxy.host,
    onProblem: (problem) => problems.push(problem.message),
  });
  const events = eventLog();
  const spec = run.spec();
  let connections = 0;
  engine.watch(
    (event) => {
      events.listener(event);
      if (event.type === 'created' && event.serverId === spec.serverId) throw new Error('a defect');
    },
    () => {
      connections += 1;
    },
    over.signal,
  );
  await eventually('the connection', () => connections === 1);
  const { id } = await run.engine.createContainer(spec);
  await eventually('the second connection', () => connections === 2);
  t.regex(problems[0] ?? '', /a defect/);
  await run.engine.removeContainer(id);
  await events.until(id, 'removed');
});

test.serial('Docker is found where it is', async (t) => {
  t.like(await detectDocker(t.context.proxy.host), { available: true });
});

test.serial('where Docker is not, the reason is a sentence', async (t) => {
  const { proxy } = t.context;
  const reason = async (host: string) => {
    const found = await detectDocker(host, 300);
    return found.available ? 'available' : found.reason;
  };
  t.regex(await reason('unix:///nonexistent/docker.sock'), /There is no Docker socket at .*not installed/);
  t.regex(await reason('tcp://127.0.0.1:1'), /daemon is not running/);
  t.regex(await reason('nonsense'), /no address of a Docker engine/);
  proxy.stall();
  t.regex(await reason(proxy.host), /did not answer "version" within 0.3 seconds/);
});
