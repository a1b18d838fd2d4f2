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
  t.teardown(() => watching.abort());
  const told: { address: string; event: ActorEvent }[] = [];
  const reported: Record<string, unknown>[] = [];
  const parts = {
    node: {
      id: 'n',
      name: 'here',
      worlds: { observe: async () => ({ exists: true, bytes: 1 }), ...worlds },
      engine: { inventory: async () => containers, logTail: async () => [], startedAt: async () => null },
    },
    games: { templates: () => [{ id: 'known', cleanExitCodes: CLEAN_EXIT_CODES }] },
    reads: { placedOn: async () => rows, placed: async (id: string) => rows.find((one) => one.id === id) ?? null },
    send: (address: string, event: ActorEvent) => void told.push({ address, event }),
    report: (message: string, details: Record<string, unknown>) => void reported.push({ message, ...details }),
  } as unknown as ObserverParts;
  const observer = createObserver(parts);
  const observed = () => told.filter(({ event }) => event.type === 'observed').map(({ address }) => address);
  return { sweep: () => observer.sweep(watching.signal), told, observed, reported };
}

test('a server that cannot be looked at keeps nobody from seeing the others, and is told of once', async (t) => {
  let broken = true;
  const observe = async (id: string) => {
    if (id === 'bad' && broken) throw errors.data_dir_unusable({ path: '/bad', reason: 'EIO' });
    return { exists: true, bytes: 1 };
  };
  const seen = observing(t, [row('bad'), row('good')], [container('bad'), container('good')], { observe });
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
