import test from 'ava';
import type { ContainerInfo } from '../../src/conductor/interfaces/engine.ts';
import type { PlacedServer } from '../../src/conductor/interfaces/reads.ts';
import { createObserver, type ObserverParts } from '../../src/conductor/server/observer.ts';
import { errors as games } from '../../src/games/errors.ts';
import { errors as nodes } from '../../src/nodes/index.ts';

const row = (id: string, template = 'known'): PlacedServer => ({
  id,
  template,
  status: 'stopped',
  nodeId: 'node',
  containerId: null,
  dataExists: true,
  version: 1,
});

/** Three servers of one node; what is said of each, and what is reported. */
function watching(rows: readonly PlacedServer[], observe: (id: string) => Promise<{ exists: boolean; bytes: number }>) {
  const [told, reported]: [string[], string[]] = [[], []];
  const observer = createObserver({
    node: {
      id: 'node',
      name: 'node',
      engine: { inventory: async (): Promise<ContainerInfo[]> => [] },
      worlds: { observe },
    } as unknown as ObserverParts['node'],
    games: {
      template(id: string) {
        if (id !== 'known') throw games.unknown_template({ template: id, known: 'known' });
        return { cleanExitCodes: [0] };
      },
    } as unknown as ObserverParts['games'],
    reads: { placedOn: async () => rows, placed: async (id) => rows.find((each) => each.id === id) ?? null },
    send: (address) => void told.push(address),
    sleep: () => Promise.reject(new Error('unused')),
    report: (message) => void reported.push(message),
    sweepMs: 1,
    dataSweepMs: 1,
  });
  return { told, reported, sweep: () => observer.sweep(new AbortController().signal) };
}

test('a server that cannot be looked at hides no other one, and is told once', async (t) => {
  const rows = [row('a'), row('b', 'removed'), row('c'), row('d')];
  const { told, reported, sweep } = watching(rows, async (id) => {
    if (id === 'c') throw nodes.data_dir_unusable({ path: id, reason: 'permission denied' });
    return { exists: true, bytes: 1 };
  });
  await sweep();
  t.deepEqual(told, ['server/a', 'server/d']);
  t.is(reported.length, 2);
  await sweep();
  t.is(reported.length, 2);
});

test('a machine that is away ends the sweep', async (t) => {
  const away = nodes.node_unreachable({ reason: 'away' });
  const { told, reported, sweep } = watching([row('a'), row('b')], () => Promise.reject(away));
  await t.throwsAsync(sweep(), { is: away });
  t.deepEqual([told, reported], [[], []]);
});
