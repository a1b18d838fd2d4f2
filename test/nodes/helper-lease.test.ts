import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { LEASE_LIMITS } from '../../src/machines/fleet/lease.ts';
import { commands } from '../../src/nodes/helper/commands.ts';
import { counterOf, type HelperRun, openHelperRun, type Shell } from './helpers/baton-node.ts';
import { atMost } from './helpers/gate.ts';
import { openDockerProxy } from './helpers/proxy.ts';
import { eventually } from './helpers/waiting.ts';

const PAUSE_BUDGET_MS = LEASE_LIMITS.pauseBudgetMs;

const gated = atMost(2, anyTest as TestFn);

/** The same test under both shells, each with a node of its own. */
function test(title: string, body: (t: ExecutionContext, node: HelperRun) => Promise<void>): void {
  for (const shell of ['dash', 'busybox'] satisfies Shell[]) {
    gated(`${title} (${shell})`, async (t) => {
      const node = await openHelperRun(shell);
      await body(t, node).finally(() => node.close());
    });
  }
}

let turn = 0;

/** Under one of the shells, each in its turn: what takes long and hardly depends on the shell. */
function testOnce(title: string, body: (t: ExecutionContext, node: HelperRun) => Promise<void>): void {
  turn += 1;
  const shell = turn % 2 === 0 ? 'dash' : 'busybox';
  gated(`${title} (${shell})`, async (t) => {
    const node = await openHelperRun(shell);
    await body(t, node).finally(() => node.close());
  });
}

/** A lease in which probes are started, on a slow machine too: a start that is frozen half-way does not end. */
const STARTED_MS = 20_000;

const clockMs = async () => Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]) * 1000;

/** Looks at the world until `atMs` of the node's clock; returns when it last changed, and what it holds. */
async function lastWrite(world: string, atMs: number): Promise<{ readonly lastMs: number; readonly count: number }> {
  let count = await counterOf(world);
  let lastMs = await clockMs();
  await eventually('the time has come', async () => {
    const [next, now] = [await counterOf(world), await clockMs()];
    if (next > count) [count, lastMs] = [next, now];
    return now > atMs;
  });
  return { lastMs, count };
}

const goesOn = (world: string, from: number) =>
  eventually('it writes again', async () => (await counterOf(world)) > from);

test('when the lease runs out everything is paused, and the same lease lets it go on', async (t, node) => {
  const { leaseUntilMs } = await node.lease(1, STARTED_MS);
  const probes = [await node.startProbe('a', 1, 1), await node.startProbe('b', 7, 1)];
  const ends = await Promise.all(probes.map(({ world }) => lastWrite(world, leaseUntilMs + PAUSE_BUDGET_MS + 1_000)));
  for (const { lastMs } of ends) {
    t.log(`the last write came ${Math.round(lastMs - leaseUntilMs)} ms after the end of the lease`);
    t.true(lastMs >= leaseUntilMs - 500, 'not long before the end');
    t.true(lastMs <= leaseUntilMs + PAUSE_BUDGET_MS);
  }
  const seen = await node.run(commands.heartbeat(1));
  t.false(seen.leased);
  t.deepEqual([...seen.frozen].sort(), probes.map(({ id }) => id).sort());
  t.deepEqual(
    seen.containers?.map(({ state }) => state),
    ['paused', 'paused'],
    'Docker knows',
  );
  t.true((await node.lease(1, 20_000)).granted);
  for (const [i, { world }] of probes.entries()) await goesOn(world, ends[i]?.count ?? 0);
  t.deepEqual(
    (await node.engine.inventory()).map(({ state }) => state),
    ['running', 'running'],
  );
});

testOnce('a grant counts only for the clock that it was made for, and never makes a lease shorter', async (t, node) => {
  const { clockMs: reading, bootId } = await node.run(commands.heartbeat(1));
  const grant = (untilMs: number, boot = bootId) => node.run(commands.heartbeat(1, { untilMs, bootId: boot }));
  t.like(await grant(reading - 1), { granted: false, leased: false }, 'it came too late');
  t.like(await grant(reading + 20_000, 'another-boot'), { granted: false, leased: false });
  t.like(await grant(reading + 600_000), { granted: false, leased: false }, 'no lease is so long');
  t.like(await grant(reading + 30_000), { granted: true, leased: true, leaseUntilMs: reading + 30_000 });
  t.like(await grant(reading + 20_000), { granted: true, leaseUntilMs: reading + 30_000 }, 'it was overtaken');
  t.like(await grant(reading + 30_000), { granted: true, leaseUntilMs: reading + 30_000 }, 'it came twice');
  await t.throwsAsync(node.run(commands.heartbeat(0, { untilMs: reading + 60_000, bootId })), { code: 'stale_epoch' });
  t.is((await node.run(commands.observe())).leaseUntilMs, reading + 30_000);
});

test('what should not run is stopped while it is frozen, and its world stays where it is', async (t, node) => {
  await node.lease(1, 60_000);
  const probe = await node.startProbe('a', 4, 1);
  await node.lease(2, 60_000);
  await eventually('it is frozen', async () => (await node.run(commands.observe())).frozen.length === 1);
  const count = await counterOf(probe.world);
  await node.run(commands.stop({ serverId: probe.serverId, epoch: 4, leaseEpoch: 2 }));
  t.deepEqual(await node.engine.inventory(), []);
  t.is(await counterOf(probe.world), count, 'it wrote nothing more');
  await node.run(commands.stop({ serverId: probe.serverId, epoch: 4, leaseEpoch: 2 }));
  t.true((await node.run(commands.observe())).worlds[0]?.hasData, 'twice is once');
});

test('what ran under an older lease stays frozen until it is kept or put aside', async (t, node) => {
  await node.lease(1, 60_000);
  const mine = await node.startProbe('mine', 4, 1);
  const moved = await node.startProbe('moved', 4, 1);
  const { held } = await node.lease(2, 60_000);
  t.deepEqual([...held].sort(), [mine.id, moved.id].sort());
  await eventually('both are frozen', async () => (await node.run(commands.observe())).frozen.length === 2);
  const count = await counterOf(mine.world);
  t.true((await node.lease(2, 60_000)).leased, 'a lease alone frees nothing');
  t.is(await counterOf(mine.world), count);
  await node.run(commands.keep({ serverId: mine.serverId, epoch: 4, leaseEpoch: 2 }));
  await goesOn(mine.world, count);
  await node.run(commands.quarantine({ serverId: moved.serverId, epoch: 5, leaseEpoch: 2 }));
  t.deepEqual(
    (await node.engine.inventory()).map(({ id }) => id),
    [mine.id],
  );
  const fresh = await node.startProbe('fresh', 1, 2);
  t.false((await node.run(commands.observe())).held.includes(fresh.id), 'what is new is under the new lease');
});

testOnce('what a person has paused is not let go by a grant', async (t, node) => {
  await node.lease(1, 30_000);
  const probe = await node.startProbe('a', 1, 1);
  await node.docker.getContainer(probe.id).pause();
  await node.lease(2, 30_000);
  await node.run(commands.keep({ serverId: probe.serverId, epoch: 1, leaseEpoch: 2 }));
  const other = await node.startProbe('b', 1, 2);
  await goesOn(other.world, 5);
  t.is((await node.engine.inspectContainer(probe.id))?.state, 'paused');
});

testOnce('a start that comes when no lease lasts is frozen before it does much', async (t, node) => {
  const { leaseUntilMs } = await node.lease(1, STARTED_MS);
  const probe = await node.startProbe('a', 1, 1);
  await node.engine.killContainer(probe.id);
  const before = await counterOf(probe.world);
  await eventually('the lease is over', async () => (await clockMs()) > leaseUntilMs + 2_000);
  void node.engine.startContainer(probe.id, AbortSignal.timeout(5_000)).catch(() => undefined);
  await eventually('it is frozen', async () => (await node.run(commands.observe())).frozen.includes(probe.id));
  const after = await counterOf(probe.world);
  t.log(`it wrote ${after - before} times`);
  t.true(after - before < 10);
});

testOnce('a watchdog that stands still is done without, and replaced', async (t, node) => {
  const { leaseUntilMs } = await node.lease(1, STARTED_MS);
  const probe = await node.startProbe('a', 1, 1);
  const { a, b } = await node.watchdogs();
  process.kill(a, 'SIGSTOP');
  const { lastMs, count } = await lastWrite(probe.world, leaseUntilMs + PAUSE_BUDGET_MS);
  t.log(`with one watchdog the last write came ${Math.round(lastMs - leaseUntilMs)} ms after the end`);
  t.true(lastMs <= leaseUntilMs + PAUSE_BUDGET_MS);
  await eventually('another stands in its place', async () => (await node.watchdogs()).a !== a);
  t.is((await node.watchdogs()).b, b);
  // Nothing is there when it was frozen just as it wrote.
  t.true([0, count].includes(await counterOf(probe.world)));
});

testOnce('what is just being learnt of a container is not swept away', async (t, node) => {
  const [waits, goes] = [join(node.root, 'waits'), join(node.root, 'goes')];
  const mv = execFileSync('sh', ['-c', 'command -v mv'], { encoding: 'utf8' }).trim();
  await node.lease(1, 60_000);
  const watchdogs = Object.values(await node.watchdogs());
  for (const pid of watchdogs) process.kill(pid, 'SIGSTOP');
  const probe = await node.startProbe('a', 1, 1);
  await program(
    node,
    'mv',
    `case "$(tr '\\0' ' ' </proc/$PPID/cmdline) $*" in *' observe '*/seen/*)`,
    `mkdir ${waits} 2>/dev/null; until [ -e ${goes} ]; do sleep 0.1; done; esac`,
    `exec ${mv} "$@"`,
  );
  const observed = node.run(commands.observe());
  await eventually('it is about to be noted', async () => existsSync(waits));
  const gone = join('/run/baton', node.nodeId, 'seen', 'gone');
  await writeFile(gone, '');
  for (const pid of watchdogs) process.kill(pid, 'SIGCONT');
  await eventually('a watchdog has swept', async () => !existsSync(gone));
  await writeFile(goes, '');
  t.is((await observed).containers?.[0]?.id, probe.id);
});

testOnce('without a watchdog no lease is given, and a heartbeat starts one again', async (t, node) => {
  const before = await node.watchdogs();
  for (const pid of [before.a, before.b]) process.kill(pid, 'SIGKILL');
  const dead = await eventually('it is noticed', async () => {
    const seen = await node.run(commands.observe());
    return seen.watchdogs === 0 && seen;
  });
  const until = { untilMs: dead.clockMs + 30_000, bootId: dead.bootId };
  t.like(await node.run(commands.heartbeat(1, until)), { granted: false, leased: false });
  await eventually('both are back', async () => (await node.run(commands.observe())).watchdogs === 2);
  t.like(await node.run(commands.heartbeat(1, until)), { granted: true, leased: true });
});

testOnce('what the watchdogs do not find is told: nobody would freeze it', async (t, node) => {
  await node.lease(1, STARTED_MS);
  await node.startProbe('seen', 1, 1);
  t.is((await node.run(commands.observe())).watchdogs, 2);
  const hidden = await node.docker.createContainer({
    Image: `baton-test/probe-${node.nodeId}:1`,
    Cmd: ['sleep', '600'],
    Labels: { 'baton.node': node.nodeId, 'baton.server': 'hidden', 'baton.epoch': '1' },
    // Deeper in the tree than where Docker puts its containers by itself.
    HostConfig: { CgroupParent: `/${node.nodeId}/deep` },
  });
  try {
    await hidden.start();
    t.is((await node.run(commands.observe())).watchdogs, 0);
    await hidden.remove({ force: true });
    t.is((await node.run(commands.observe())).watchdogs, 2);
  } finally {
    const left = ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${node.nodeId}*`, '-exec', 'rmdir', '{}', '+'];
    execFileSync('find', left);
  }
});

gated(
  'what one watchdog has thawed under a new lease before Docker pauses it for the other is thawed again (dash)',
  async (t) => {
    const node = await openHelperRun('dash');
    const [waits, goes, done] = ['waits', 'goes', 'done'].map((name) => join(node.root, name)) as [
      string,
      string,
      string,
    ];
    try {
      await node.lease(1, STARTED_MS);
      const probe = await node.startProbe('a', 1, 1);
      const docker = execFileSync('sh', ['-c', 'command -v docker'], { encoding: 'utf8' }).trim();
      // The first pause waits for us, and its watchdog with it, without a deadline; all others go through.
      await program(node, 'timeout', 'shift; exec "$@"');
      await program(
        node,
        'docker',
        `if [ "$1" != pause ] || ! mkdir ${waits} 2>/dev/null; then exec ${docker} "$@"; fi`,
        `until [ -e ${goes} ]; do sleep 0.1; done; ${docker} "$@"; mkdir ${done}`,
      );
      await eventually('one watchdog waits for Docker, and the other has frozen it', async () => {
        const { frozen } = await node.run(commands.heartbeat(1));
        return existsSync(waits) && frozen.includes(probe.id);
      });
      await node.lease(1, 110_000);
      await goesOn(probe.world, await counterOf(probe.world));
      await writeFile(goes, '');
      await eventually('Docker has paused it for the one that waited', async () => existsSync(done));
      await goesOn(probe.world, await counterOf(probe.world));
    } finally {
      await writeFile(goes, '');
      await node.close();
    }
    t.pass();
  },
);

/** A program that is found before the real one. */
const program = (node: HelperRun, name: string, ...lines: readonly string[]) =>
  writeFile(join(node.programs, name), ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });

gated('Docker that answers nothing keeps nobody from being frozen, or from going on (busybox)', async (t) => {
  const proxy = await openDockerProxy();
  const node = await openHelperRun('busybox', proxy.host);
  const config = join(node.root, 'config');
  try {
    const { leaseUntilMs } = await node.lease(1, STARTED_MS);
    const probe = await node.startProbe('a', 1, 1);
    proxy.stall();
    const { lastMs, count } = await lastWrite(probe.world, leaseUntilMs + PAUSE_BUDGET_MS + 1_000);
    t.log(`without Docker the last write came ${Math.round(lastMs - leaseUntilMs)} ms after the end`);
    t.true(lastMs <= leaseUntilMs + PAUSE_BUDGET_MS);
    const seen = await node.run(commands.heartbeat(1));
    t.like(seen, { containers: null, frozen: [probe.id] });
    await node.run(commands.heartbeat(1, { untilMs: seen.clockMs + 30_000, bootId: seen.bootId }));
    await goesOn(probe.world, count);
  } finally {
    // Removing needs a Docker that answers.
    await writeFile(config, (await readFile(config, 'utf8')).replace(proxy.host, ''));
    await node.close();
    await proxy.close();
  }
});
