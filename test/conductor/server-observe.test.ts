import test from 'ava';
import type { ContainerInfo, NodeHost } from '../../src/conductor/interfaces/engine.ts';
import type { Games } from '../../src/conductor/interfaces/games.ts';
import { observation } from '../../src/conductor/server/observe.ts';

const ENDED_AT = 5_000;
const SERVER = { id: 's', template: 'game' };
const games = { templates: () => [{ id: 'game', cleanExitCodes: [0, 143], worldMarks: [] }] } as unknown as Games;

const container = { id: 'c', epoch: 1, state: 'exited', oomKilled: false, finishedAt: ENDED_AT } as ContainerInfo;

/** A node whose engine began then. */
const nodeSince = (startedAt: number | null) =>
  ({
    worlds: { look: async () => ({ exists: true, marked: null }) },
    engine: { logTail: async () => [], startedAt: async () => startedAt },
  }) as unknown as NodeHost;

const isRequested = async (startedAt: number | null, exitCode: number, asked: boolean) => {
  const info = { ...container, exitCode };
  return (await observation(games, nodeSince(startedAt), SERVER, info, () => asked)).container?.requested;
};

test('a container that ends in order, or whose end was asked for, was to end', async (t) => {
  t.true(await isRequested(ENDED_AT - 1, 0, false));
  t.true(await isRequested(ENDED_AT - 1, 137, true));
  t.false(await isRequested(ENDED_AT - 1, 137, false));
});

test('one that ended before its engine began was stopped by the engine, which nobody asked for', async (t) => {
  t.false(await isRequested(ENDED_AT, 0, false));
  t.false(await isRequested(ENDED_AT + 60_000, 143, true));
});

test('where nobody knows when the engine began, an end in order is one', async (t) => {
  t.true(await isRequested(null, 0, false));
});
