/**
 * What every engine must do, whatever is behind it. `docker.test.ts` and `simulated.test.ts` run it; both have the same
 * game in their image, which is told by its standard input what to do.
 */
import type { ExecutionContext } from 'ava';
import type { ContainerInfo, ContainerSpec, Engine, Protocol } from '../../src/conductor/interfaces/engine.ts';
import type { eventLog } from './helpers/waiting.ts';
import { eventually, freePort } from './helpers/waiting.ts';

export interface Subject {
  readonly engine: Engine;
  /** Everything that the engine has told since it was first watched. */
  readonly events: ReturnType<typeof eventLog>;
  /** A container that nobody else uses; the image is there. */
  spec(changes?: Partial<ContainerSpec>): ContainerSpec;
  /** Milliseconds by the engine's own clock. */
  now(): number;
  /** What somebody with a shell on the machine does. */
  readonly outside: {
    stop(containerId: string): Promise<void>;
    kill(containerId: string): Promise<void>;
    remove(containerId: string): Promise<void>;
    /** Takes a host port; returns how to give it back. */
    hold(protocol: Protocol, port: number): Promise<() => Promise<void>>;
  };
}

/** As AVA's `test`, or one that lets only some run at once. */
export type Declare = (title: string, run: (t: ExecutionContext) => Promise<void>) => void;

export function engineConformance(test: Declare, subject: () => Subject): void {
  const started = async (changes: Partial<ContainerSpec> = {}): Promise<ContainerInfo> => {
    const { engine, spec } = subject();
    const container = await engine.createContainer(spec(changes));
    await engine.startContainer(container.id);
    await says(container.id, 'ready');
    return container;
  };
  const says = (containerId: string, text: string) =>
    eventually(`"${text}" in the log`, async () => (await subject().engine.logTail(containerId, 100)).includes(text));
  const tell = (containerId: string, line: string) => subject().engine.writeStdin(containerId, line);

  test('the engine says what the machine has', async (t) => {
    const info = await subject().engine.info();
    t.not(info.version, '');
    t.true(info.ramMb > 0 && info.cpus > 0);
    const began = await subject().engine.startedAt();
    t.true(began === null || began < subject().now());
  });

  test('a container is made but not started, and says whose it is', async (t) => {
    const spec = subject().spec({ epoch: 7 });
    const container = await subject().engine.createContainer(spec);
    t.like(container, {
      name: `baton-${spec.serverId}-7`,
      serverId: spec.serverId,
      epoch: 7,
      nodeId: spec.nodeId,
      image: spec.image,
      state: 'created',
      exitCode: null,
      startedAt: null,
      address: null,
    });
  });

  test('making the same container twice, also at once, gives the same one', async (t) => {
    const { engine, spec } = subject();
    const wanted = spec();
    const [one, two] = await Promise.all([engine.createContainer(wanted), engine.createContainer(wanted)]);
    await engine.startContainer(one.id);
    const three = await engine.createContainer(wanted);
    t.is(two.id, one.id);
    t.is(three.id, one.id);
    t.is(three.state, 'running', 'one that is there is returned as it is');
  });

  test('another epoch of the same server is another container', async (t) => {
    const { engine, spec } = subject();
    const first = await engine.createContainer(spec({ serverId: 'epochs', epoch: 1 }));
    const second = await engine.createContainer(spec({ serverId: 'epochs', epoch: 2 }));
    t.not(first.id, second.id);
  });

  test('an image that is not there is a permanent error that names it', async (t) => {
    const { engine, spec } = subject();
    t.false(await engine.hasImage('baton-test/nowhere:1'));
    t.is(await engine.imageLabels('baton-test/nowhere:1'), null);
    await t.throwsAsync(engine.createContainer(spec({ image: 'baton-test/nowhere:1' })), {
      code: 'image_not_found',
      message: /baton-test\/nowhere:1/,
    });
  });

  test('a loaded image carries its labels', async (t) => {
    const { engine, spec } = subject();
    t.true(await engine.hasImage(spec().image));
    t.deepEqual(await engine.imageLabels(spec().image), { 'baton.test': 'say "hi" for $5' });
  });

  test('starting a running container is no error, and does not start it again', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    const before = await engine.inspectContainer(id);
    await engine.startContainer(id);
    t.deepEqual(await engine.inspectContainer(id), before);
    t.is(before?.state, 'running');
    t.truthy(before?.address);
    t.true((before?.startedAt ?? 0) > 0);
  });

  test('starting a container that is gone says so', async (t) => {
    const { engine, spec } = subject();
    const { id } = await engine.createContainer(spec());
    await engine.removeContainer(id);
    await t.throwsAsync(engine.startContainer(id), { code: 'container_gone' });
  });

  test('a stop lets the game end by itself, with its own exit code', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    const ended = await engine.stopContainer(id, 10_000);
    t.like(ended, { state: 'exited', exitCode: 3, oomKilled: false, address: null });
    t.true((ended?.finishedAt ?? 0) >= (ended?.startedAt ?? Number.POSITIVE_INFINITY));
    t.is((await engine.logTail(id, 1))[0], 'bye');
    t.like(await engine.stopContainer(id, 10_000), { exitCode: 3 }, 'stopping it again changes nothing');
  });

  test('a stop kills a game that ignores it, after the grace', async (t) => {
    const { engine, now } = subject();
    const { id } = await started({ env: { STUBBORN: '1' } });
    const before = now();
    const ended = await engine.stopContainer(id, 1_000);
    t.true(now() - before >= 1_000, 'it had its grace');
    t.like(ended, { state: 'exited', exitCode: 137, oomKilled: false });
    t.true((await engine.logTail(id, 10)).includes('I stay'));
  });

  test('a kill is at once, and killing what has ended is no error', async (t) => {
    const { engine } = subject();
    const { id } = await started({ env: { STUBBORN: '1' } });
    t.like(await engine.killContainer(id), { state: 'exited', exitCode: 137 });
    t.like(await engine.killContainer(id), { state: 'exited', exitCode: 137 });
  });

  test('a container can be started again after it has ended', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    await engine.stopContainer(id, 10_000);
    await engine.startContainer(id);
    t.like(await engine.inspectContainer(id), { state: 'running', exitCode: null, finishedAt: null });
  });

  test('removing works on a running container, and twice', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    await engine.removeContainer(id);
    await engine.removeContainer(id);
    t.is(await engine.inspectContainer(id), null);
    t.is(await engine.stopContainer(id, 1_000), null);
    t.is(await engine.killContainer(id), null);
    t.is(await engine.stats(id), null);
    t.deepEqual(await engine.logTail(id, 10), []);
    await t.notThrowsAsync(engine.followLogs(id, 10, () => t.fail(), AbortSignal.timeout(10_000)));
    await t.throwsAsync(engine.writeStdin(id, 'say x'), { code: 'container_gone' });
  });

  test('the inventory lists containers in every state', async (t) => {
    const { engine, spec } = subject();
    const created = await engine.createContainer(spec());
    const running = await started();
    const exited = await started();
    await tell(exited.id, 'exit 5');
    const listed = await eventually('the exit in the inventory', async () => {
      const all = await engine.inventory();
      return all.some((c) => c.id === exited.id && c.state === 'exited') && all;
    });
    const find = (id: string) => listed.find((container) => container.id === id);
    t.like(find(created.id), { state: 'created', exitCode: null });
    t.like(find(running.id), { state: 'running', exitCode: null });
    t.like(find(exited.id), { state: 'exited', exitCode: 5, serverId: exited.serverId, epoch: exited.epoch });
  });

  test('a life is told in order, and an end that was asked for is marked', async (t) => {
    const { engine, events } = subject();
    const { id } = await started();
    await engine.stopContainer(id, 10_000);
    await engine.removeContainer(id);
    await events.until(id, 'removed');
    t.deepEqual(
      events.of(id).map((event) => event.type),
      ['created', 'started', 'exited', 'removed'],
    );
    t.like(await events.until(id, 'exited'), { exitCode: 3, oomKilled: false, requested: true });
  });

  test('a game that ends by itself was not asked to', async (t) => {
    const { events } = subject();
    const { id } = await started();
    await tell(id, 'exit 5');
    t.like(await events.until(id, 'exited'), { exitCode: 5, oomKilled: false, requested: false });
  });

  test('a game that is killed after its grace was asked to end', async (t) => {
    const { engine, events } = subject();
    const { id } = await started({ env: { STUBBORN: '1' } });
    await engine.stopContainer(id, 1_000);
    t.like(await events.until(id, 'exited'), { exitCode: 137, requested: true });
  });

  test('a kill through the engine was asked for', async (t) => {
    const { engine, events } = subject();
    const { id } = await started();
    await engine.killContainer(id);
    t.like(await events.until(id, 'exited'), { exitCode: 137, requested: true });
  });

  test('a stop from outside was asked for', async (t) => {
    const { outside, events } = subject();
    const { id } = await started();
    await outside.stop(id);
    t.like(await events.until(id, 'exited'), { exitCode: 3, requested: true });
  });

  test('a kill from outside looks like a crash', async (t) => {
    const { outside, events } = subject();
    const { id } = await started();
    await outside.kill(id);
    t.like(await events.until(id, 'exited'), { exitCode: 137, oomKilled: false, requested: false });
  });

  test('a removal from outside is told, and its end was asked for', async (t) => {
    const { engine, outside, events } = subject();
    const { id } = await started();
    await outside.remove(id);
    await events.until(id, 'removed');
    t.like(await events.until(id, 'exited'), { requested: true });
    t.is(await engine.inspectContainer(id), null);
  });

  test('a crash after an earlier stop and start is a crash', async (t) => {
    const { engine, events } = subject();
    const { id } = await started();
    await engine.stopContainer(id, 10_000);
    await engine.startContainer(id);
    await eventually('ready again', async () => (await engine.logTail(id, 1))[0] === 'ready');
    await tell(id, 'exit 5');
    await eventually('the second end', () => events.of(id).filter((event) => event.type === 'exited').length === 2);
    t.like(await events.until(id, 'exited'), { exitCode: 5, requested: false });
  });

  test('running out of memory is told apart from a crash', async (t) => {
    const { engine, events } = subject();
    const { id } = await started({ ramMb: 64 });
    await tell(id, 'eat');
    t.like(await events.until(id, 'exited'), { exitCode: 137, requested: false });
    // On a busy machine Docker hears from the kernel why a container ended after it has told that it did.
    await eventually('it is known why', async () => (await engine.inspectContainer(id))?.oomKilled === true);
    t.like(await engine.inspectContainer(id), { state: 'exited', exitCode: 137, oomKilled: true });
  });

  test('the log gives its last lines, oldest first, also after the end', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    for (const word of ['one', 'zwölf', 'three']) await tell(id, `say ${word}`);
    await says(id, 'three');
    t.deepEqual(await engine.logTail(id, 2), ['zwölf', 'three']);
    await engine.killContainer(id);
    t.deepEqual(await engine.logTail(id, 100), ['ready', 'one', 'zwölf', 'three']);
    t.deepEqual(await engine.logTail(id, 0), []);
  });

  test('following the log begins with its tail and ends with the container', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    const heard: string[] = [];
    const following = engine.followLogs(id, 1, (line) => heard.push(line), AbortSignal.timeout(60_000));
    await eventually('the tail', () => heard.length === 1);
    await tell(id, 'say on standard output');
    await eventually('standard output', () => heard.length === 2);
    await tell(id, 'warn on standard error');
    await eventually('standard error', () => heard.length === 3);
    await engine.stopContainer(id, 10_000);
    await following;
    t.deepEqual(heard, ['ready', 'on standard output', 'on standard error', 'bye']);
  });

  test('following the log ends when nobody wants it any more', async (t) => {
    const { engine } = subject();
    const { id } = await started();
    const enough = new AbortController();
    const heard: string[] = [];
    const following = engine.followLogs(id, 10, (line) => heard.push(line), enough.signal);
    await eventually('the tail', () => heard.length === 1);
    enough.abort();
    await t.notThrowsAsync(following);
    t.like(await engine.inspectContainer(id), { state: 'running' });
  });

  test('input is refused where nobody would read it', async (t) => {
    const { engine } = subject();
    const deaf = await started({ stdin: false });
    await t.throwsAsync(tell(deaf.id, 'say x'), { code: 'stdin_closed' });
    const ended = await started();
    await engine.killContainer(ended.id);
    await t.throwsAsync(tell(ended.id, 'say x'), { code: 'container_not_running' });
  });

  test('a port that another container holds is a permanent error that names it', async (t) => {
    const { engine, spec } = subject();
    const port = await freePort();
    const ports = [{ name: 'game', protocol: 'tcp', container: 7000, host: port }] as const;
    const first = await started({ ports });
    const second = await engine.createContainer(spec({ ports }));
    await t.throwsAsync(engine.startContainer(second.id), {
      code: 'port_in_use',
      message: new RegExp(`\\b${port}\\b`),
    });
    await engine.removeContainer(first.id);
    await t.notThrowsAsync(engine.startContainer(second.id), 'it starts when the port is free');
  });

  test('a port that another program holds is a permanent error that names it', async (t) => {
    const { engine, spec, outside } = subject();
    const port = await freePort();
    const release = await outside.hold('tcp', port);
    const ports = [{ name: 'game', protocol: 'tcp', container: 7000, host: port }] as const;
    const container = await engine.createContainer(spec({ ports }));
    await t.throwsAsync(engine.startContainer(container.id), {
      code: 'port_in_use',
      message: new RegExp(`\\b${port}\\b`),
    });
    await release();
    await t.notThrowsAsync(engine.startContainer(container.id));
  });

  test('a running container has stats, another one has none', async (t) => {
    const { engine } = subject();
    const { id } = await started({ ramMb: 128 });
    const stats = await engine.stats(id);
    t.is(stats?.ramLimitBytes, 128 * 1024 * 1024);
    t.true((stats?.ramBytes ?? 0) > 0 && (stats?.ramBytes ?? 0) < 128 * 1024 * 1024);
    t.true((stats?.cpu ?? -1) >= 0);
    await engine.killContainer(id);
    t.is(await engine.stats(id), null);
  });

  test('a call that nobody waits for any more ends with the reason', async (t) => {
    const { engine, spec } = subject();
    const reason = new Error('changed my mind');
    const aborted = AbortSignal.abort(reason);
    t.is(await t.throwsAsync(engine.inventory(aborted)), reason);
    t.is(await t.throwsAsync(engine.createContainer(spec(), aborted)), reason);
    const { id } = await started({ env: { STUBBORN: '1' } });
    const later = new AbortController();
    const stopping = engine.stopContainer(id, 5_000, later.signal);
    later.abort(reason);
    t.is(await t.throwsAsync(stopping), reason);
  });
}
