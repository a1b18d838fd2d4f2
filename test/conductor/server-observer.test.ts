import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { ActorEvent } from '../../src/actors/types.ts';
import type { ContainerInfo, NodeHost } from '../../src/conductor/interfaces/engine.ts';
import { CLEAN_EXIT_CODES } from '../../src/conductor/interfaces/games.ts';
import type { PlacedServer } from '../../src/conductor/interfaces/reads.ts';
import { createObserver, type ObserverParts } from '../../src/conductor/server/observer.ts';
import { errors } from '../../src/nodes/index.ts';

type Worlds = Partial<NodeHost['worlds']>;

const row = (id: string, changes: Partial<PlacedServer> = {}): PlacedServer => ({
  id,
  template: 'known',
  status: 'running',
  nodeId: 'n',
  containerId: `c-${id}`,
  dataExists: true,
  version: 1,
  ...changes,
});

const container = (serverId: string, changes: Partial<ContainerInfo> = {}) =>
  ({ id: `c-${serverId}`, serverId, epoch: 1, state: 'running', exitCode: null, ...changes }) as ContainerInfo;

/** An observer of a node with these servers, and what it has told and reported. */
function observing(t: ExecutionContext, rows: PlacedServer[], containers: ContainerInfo[], worlds: Worlds = {}) {
  const watching = new AbortController();
  const clock = { at: 0, now: () => clock.at };
  t.teardown(() => watching.abort());
  const told: { address: string; event: ActorEvent }[] = [];
  const reported: Record<string, unknown>[] = [];
  const parts = {
    node: {
      id: 'n',
      name: 'here',
      worlds: { look: async () => ({ exists: true, marked: true }), measure: async () => 1, ...worlds },
      engine: { inventory: async () => containers, logTail: async () => [], startedAt: async () => null },
    },
    games: { templates: () => [{ id: 'known', cleanExitCodes: CLEAN_EXIT_CODES, worldMarks: ['world'] }] },
    clock,
    reads: { placedOn: async () => rows, placed: async (id: string) => rows.find((one) => one.id === id) ?? null },
    send: (address: string, event: ActorEvent) => void told.push({ address, event }),
    report: (message: string, details: Record<string, unknown>) => void reported.push({ message, ...details }),
  } as unknown as ObserverParts;
  const observer = createObserver(parts);
  const observed = () => told.filter(({ event }) => event.type === 'observed').map(({ address }) => address);
  return { sweep: () => observer.sweep(watching.signal), told, observed, reported, clock };
}

test('a server that cannot be looked at keeps nobody from seeing the others, and is told of once', async (t) => {
  let broken = true;
  const look = async (id: string) => {
    if (id === 'bad' && broken) throw errors.data_dir_unusable({ path: '/bad', reason: 'EIO' });
    return { exists: true, marked: true };
  };
  const seen = observing(t, [row('bad'), row('good')], [container('bad'), container('good')], { look });
  await seen.sweep();
  await seen.sweep();
  t.deepEqual(seen.observed(), ['server/good', 'server/good']);
  t.deepEqual(
    seen.reported.map(({ server }) => server),
    ['bad'],
  );
  broken = false;
  await seen.sweep();
  t.true(seen.observed().includes('server/bad'));
  broken = true;
  await seen.sweep();
  t.is(seen.reported.length, 2, 'what breaks again is news');
});

test('a server whose template was removed is seen all the same, by what a clean end is elsewhere', async (t) => {
  const ended = container('s', { state: 'exited', exitCode: 143 });
  const seen = observing(t, [row('s', { template: 'removed' })], [ended]);
  await seen.sweep();
  t.like(seen.told[0]?.event, { observation: { container: { requested: true } } });
  t.deepEqual(seen.reported, []);
});

/** A walk that lasts until it is ended. */
function slowWalks() {
  const walks: { readonly id: string; end(bytes: number | null): void }[] = [];
  const measure = (id: string) =>
    new Promise<number | null>((resolve) => {
      walks.push({ id, end: resolve });
    });
  return { walks, worlds: { measure }, walked: () => walks.map(({ id }) => id) };
}

test('what is seen of a server does not wait for its world to be measured, and no world is walked twice at once', async (t) => {
  const { walks, worlds, walked } = slowWalks();
  const seen = observing(t, [row('a'), row('b')], [container('a'), container('b')], worlds);
  await seen.sweep();
  await seen.sweep();
  t.deepEqual(seen.observed(), ['server/a', 'server/b', 'server/a', 'server/b']);
  t.deepEqual(walked(), ['a']);
  walks[0]?.end(5_000);
  await turn();
  t.deepEqual(walked(), ['a', 'b'], 'one after the other');
  t.deepEqual(seen.told.at(-1), { address: 'server/a', event: { type: 'measured', dataBytes: 5_000 } });
});

test('a world that takes long is left alone for twenty times as long', async (t) => {
  const { walks, worlds, walked } = slowWalks();
  const seen = observing(t, [row('a')], [container('a')], worlds);
  const sweepAt = async (at: number) => {
    seen.clock.at = at;
    await seen.sweep();
    await turn();
  };
  await sweepAt(0);
  seen.clock.at = 4_000;
  walks[0]?.end(1);
  await turn();
  await sweepAt(83_999);
  t.deepEqual(walked(), ['a']);
  await sweepAt(84_000);
  t.deepEqual(walked(), ['a', 'a']);
});

test('the world of a server that is off is measured again only when its row has changed', async (t) => {
  const rows = [row('a', { status: 'stopped' })];
  let walks = 0;
  const measure = async () => {
    walks += 1;
    return null;
  };
  const seen = observing(t, rows, [], { measure });
  const sweep = async () => {
    await seen.sweep();
    await turn();
  };
  await sweep();
  await sweep();
  t.is(walks, 1);
  rows[0] = row('a', { status: 'stopped', version: 2 });
  await sweep();
  t.is(walks, 2);
  rows[0] = row('a', { status: 'starting', version: 3 });
  await sweep();
  t.is(walks, 2, 'something is under way');
});

test('a world that cannot be measured is told of once, and the next one is measured', async (t) => {
  const measure = async (id: string) => {
    if (id === 'bad') throw errors.data_dir_unusable({ path: '/bad', reason: 'EIO' });
    return 1;
  };
  const seen = observing(t, [row('bad'), row('good')], [container('bad'), container('good')], { measure });
  for (let count = 0; count < 2; count += 1) {
    await seen.sweep();
    await turn();
  }
  t.is(seen.reported.length, 1);
  t.like(seen.reported[0], { server: 'bad' });
  t.is(seen.told.filter(({ address, event }) => address === 'server/good' && event.type === 'measured').length, 2);
});
