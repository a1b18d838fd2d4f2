import test from 'ava';
import { eventually } from '../nodes/helpers/waiting.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type JoinedNode, joinNode } from './joined.ts';

let fleet: Fleet;
let nodes: [JoinedNode, JoinedNode, JoinedNode];

test.before('three machines become nodes', async () => {
  fleet = await startFleet({ nodes: 3 });
  const [a, b, c] = await Promise.all(fleet.nodes.map((machine) => joinNode(machine)));
  if (!a || !b || !c) throw new Error('too few machines');
  nodes = [a, b, c];
  await Promise.all(nodes.map((node) => node.startProbe('server')));
});
test.after.always('they go', async () => {
  await Promise.all((nodes ?? []).map((node) => node.leave()));
  await fleet?.close();
});

const soon = () => AbortSignal.timeout(180_000);
const AT_ONCE_MS = 500;

async function msOf(run: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await run();
  return performance.now() - before;
}

const answersAgain = (node: JoinedNode) =>
  eventually('it answers again', () => node.link.connect(node.target, soon()).catch(() => null));
const goesOn = async (node: JoinedNode) => {
  const from = await node.counter('server');
  await eventually('the world is written', async () => (await node.counter('server')) > from);
};

test.serial('every machine has a network, a clock, a boot and a Docker of its own', async (t) => {
  const readings = await Promise.all(nodes.map(({ link }) => link.observe(soon())));
  t.is(new Set(readings.map(({ bootId }) => bootId)).size, 3);
  t.is(new Set(nodes.map(({ machine }) => machine.hostname)).size, 3);
  for (const [index, { containers, watchdogs }] of readings.entries()) {
    t.is(watchdogs, 2);
    const [own, ...others] = containers ?? [];
    t.like(own, { serverId: 'server', state: 'running' });
    t.deepEqual(others, [], `node ${index + 1} sees its own containers only`);
  }
});

test.serial('a machine that is cut off fails calls at once, and the others take no notice', async (t) => {
  const [away, ...others] = nodes;
  const missed = others.map(({ beats }) => beats.missed);
  await away.machine.cut();
  await eventually('three beats are missed', () => away.beats.missed >= 3);
  for (const { host, beats } of others) {
    t.true((await msOf(() => host.engine.inventory())) < AT_ONCE_MS * 4);
    t.is(beats.missed, missed[others.findIndex((other) => other.beats === beats)] ?? 0);
  }
  for (let asked = 0; asked < 10; asked++) {
    const ms = await msOf(() => t.throwsAsync(away.host.engine.inventory(), { code: 'node_unreachable' }));
    t.true(ms < AT_ONCE_MS, `${Math.round(ms)} ms`);
  }
  await away.machine.heal();
  await answersAgain(away);
  t.is((await away.host.engine.inventory())[0]?.serverId, 'server');
  await goesOn(away);
});

for (const direction of ['in', 'out'] as const) {
  test.serial(`a machine whose network is cut one way (${direction}) is away, too`, async (t) => {
    const [, away] = nodes;
    await away.machine.cut(direction);
    await eventually('three beats are missed', () => away.beats.missed >= 3);
    await t.throwsAsync(away.host.engine.inventory(), { code: 'node_unreachable' });
    await away.machine.heal();
    await answersAgain(away);
    await eventually('beats are answered', () => away.beats.missed === 0);
    await goesOn(away);
  });
}

test.serial(
  'a server stands still when the lease of its cut-off machine ends, and goes on when it is back',
  async (t) => {
    const [away] = nodes;
    await away.machine.cut();
    await eventually('it is frozen', async () => {
      const seen = await away.counter('server');
      await eventually(
        'beats go on being missed',
        (
          (from) => () =>
            away.beats.missed > from
        )(away.beats.missed),
      );
      return seen > 0 && (await away.counter('server')) === seen;
    });
    await away.machine.heal();
    await answersAgain(away);
    await goesOn(away);
    t.pass();
  },
);

test.serial('an engine that is killed comes back, and is heard of', async (t) => {
  const [, , node] = nodes;
  await node.machine.killEngine();
  await t.throwsAsync(node.host.engine.inventory(), { code: 'engine_unavailable' });
  t.is((await node.link.observe(soon())).containers, null, 'the machine answers, its Docker does not');
  await node.machine.startEngine();
  const [left] = await node.host.engine.inventory();
  t.like(left, { serverId: 'server', state: 'exited' });
  const began = await node.host.engine.startedAt();
  t.true((left?.startedAt ?? 0) < (left?.finishedAt ?? 0));
  t.true((left?.finishedAt ?? 0) <= (began ?? 0), 'it ended before this engine began, so nobody asked this one for it');
});

test.serial('a Docker that hangs costs no heartbeat, and its worlds go on', async (t) => {
  const [, , node] = nodes;
  await node.host.engine.startContainer((await node.host.engine.inventory())[0]?.id ?? '');
  await goesOn(node);
  await node.machine.stopEngine();
  const { answered } = node.beats;
  // More of them than fit into a lease.
  await eventually('beats are answered', () => {
    t.is(node.beats.missed, 0);
    return node.beats.answered - answered > 10;
  });
  const { containers, watchdogs } = await node.link.observe(soon());
  t.like({ containers, watchdogs }, { containers: null, watchdogs: 2 });
  t.true((await node.host.worlds.look('server', [], soon())).exists);
  await goesOn(node);
  await node.machine.contEngine();
  t.like((await node.host.engine.inventory())[0], { serverId: 'server', state: 'running' });
});

test.serial('a disk that is full is told, and free again when it is', async (t) => {
  const [, node] = nodes;
  await node.machine.fillDisk();
  const { diskKb } = await node.link.observe(soon());
  t.true(diskKb.free / diskKb.total < 0.06);
  await node.machine.freeDisk();
  const { diskKb: after } = await node.link.observe(soon());
  t.true(after.free > diskKb.free);
});

test.serial('a machine without power is gone at once, and its next boot is another one', async (t) => {
  const [, , node] = nodes;
  const before = await node.link.observe(soon());
  await node.machine.kill();
  t.deepEqual(await node.machine.processes(), []);
  await eventually('three beats are missed', () => node.beats.missed >= 3);
  await t.throwsAsync(node.host.engine.inventory(), { code: 'node_unreachable' });
  await node.machine.boot();
  const after = await answersAgain(node);
  t.not(after.bootId, before.bootId);
  t.true(after.clockMs < before.clockMs, 'its clock counts from its own boot');
  t.like(after.containers?.[0], { serverId: 'server', state: 'exited' });
  t.deepEqual(after.worlds, before.worlds, 'its disk is what it was');
});
