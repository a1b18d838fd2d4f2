import test from 'ava';
import type { ServerSeen } from './api.ts';
import { nowMs } from './clock.ts';
import { judge } from './judge.ts';
import type { Played, Scene } from './play.ts';
import type { Scenario } from './scenarios.ts';
import type { Write } from './writes.ts';

/** Containers by the server that they are of; a new one has another letter. */
const [STAYS, MOVES, MOVED, OTHER, STRANGE] = ['a', 'b', 'c', 'd', 'e'].map((letter) => letter.repeat(12)) as [
  string,
  string,
  string,
  string,
  string,
];
const [STRUCK, FENCED, MENDED, REST] = [1_000, 18_000, 30_000, 40_000];

const server = (name: string, node: string, copy: string, epoch = 1): ServerSeen => ({
  id: name,
  name,
  status: 'running',
  status_detail: 'healthy',
  node_id: node,
  container_id: `${copy}${copy}`,
  epoch,
  failover_policy: name === 'moves' ? 'fresh' : 'wait',
  started_at: null,
  last_error: null,
});

/** A write each 100 ms. */
const writing = (copy: string, from: number, to: number, first = 1): Write[] =>
  Array.from({ length: (to - from) / 100 }, (_, index) => ({ copy, count: first + index, atMs: from + index * 100 }));

const upTo = (writes: readonly Write[], atMs: number) => writes.filter((write) => write.atMs < atMs);

interface Plan {
  readonly servers: readonly ServerSeen[];
  readonly writes: Readonly<Record<string, readonly Write[]>>;
  readonly aside: readonly string[];
}

const sceneAt = (atMs: number, { servers, writes, aside }: Plan): Scene => ({
  servers: new Map(servers.map((one) => [one.id, one])),
  writes: new Map(Object.entries(writes).map(([id, own]) => [id, upTo(own, atMs)])),
  containers: servers.map(({ id, container_id }) => ({
    id: container_id ?? '',
    serverId: id,
    state: 'running',
    startedAt: 'then',
  })),
  aside: new Map(servers.map(({ id }) => [id, aside.includes(id) ? [`${id}.1`] : []])),
});

const WRITES = {
  stays: [...writing(STAYS, 0, 15_000), ...writing(STAYS, 31_000, REST, 151)],
  moves: [...writing(MOVES, 0, 15_000), ...writing(MOVED, 20_000, REST)],
  other: writing(OTHER, 0, REST),
};

const event = (type: string, id: string, data: Record<string, unknown> = {}) => ({
  seq: 1,
  type: `server.${type}`,
  at: '',
  subject: { kind: 'server', id },
  data,
});

const story = (id: string, end: string) => [
  event('lost', id),
  event('fenced', id, { node_id: 'n1', at: new Date(Date.now() - nowMs() + FENCED).toISOString() }),
  event(end, id),
];

/** A machine with two servers was cut off, one of them moved, and everything went as it should. */
function played(): Played {
  const before = {
    servers: [server('stays', 'n1', STAYS), server('moves', 'n1', MOVES), server('other', 'n2', OTHER)],
    writes: WRITES,
    aside: [],
  };
  const [stays, , other] = before.servers;
  if (stays === undefined || other === undefined) throw new Error('no servers');
  const after = { ...before, servers: [stays, server('moves', 'n2', MOVED, 2), other], aside: ['moves'] };
  return {
    scenario: { name: 'cut', outcome: 'moved' } as Scenario,
    kill: null,
    nodeId: 'n1',
    struckAtMs: STRUCK,
    noticedAtMs: 8_000,
    movedAtMs: 21_000,
    mendedAtMs: MENDED,
    restAtMs: REST,
    before: sceneAt(STRUCK, before),
    during: sceneAt(MENDED, before),
    after: sceneAt(REST, after),
    events: [...story('stays', 'returned'), ...story('moves', 'failed_over')],
    answered: [
      { atMs: 500, tookMs: 4 },
      { atMs: 1_500, tookMs: 7 },
    ],
    unanswered: [],
  };
}

const withWrites = (play: Played, id: string, writes: readonly Write[]): Played => ({
  ...play,
  after: { ...play.after, writes: new Map([...play.after.writes, [id, writes]]) },
});

const withServer = (play: Played, one: ServerSeen): Played => ({
  ...play,
  after: { ...play.after, servers: new Map([...play.after.servers, [one.id, one]]) },
});

test('a play in which all went as it should has its figures, and nothing wrong', (t) => {
  const { figures, violations } = judge(played());
  t.deepEqual(violations, []);
  t.like(figures, {
    noticed_ms: 7_000,
    silent_ms: 13_900,
    running_ms: 20_000,
    back_ms: 10_000,
    overlap_ms: 0,
    late_writes: 0,
    lost_writes: 0,
    touched: 0,
    longest_gap_ms: 100,
    p99_before_ms: 4,
    p99_during_ms: 7,
  });
  t.true(Math.abs((figures.fenced_ms ?? 0) - 17_000) < 10, String(figures.fenced_ms));
});

/** What is done to the play, and what must be said of it. */
const faults: [what: string, change: (play: Played) => Played, expected: RegExp][] = [
  [
    'a copy that goes on beside the next one',
    (play) => withWrites(play, 'moves', [...WRITES.moves, ...writing(MOVES, 20_000, 20_300, 151)]),
    /two copies of a server wrote for 200 ms/,
  ],
  [
    'a copy that writes again after the fence',
    (play) => withWrites(play, 'moves', [...WRITES.moves, { copy: MOVES, count: 151, atMs: 18_100 }]),
    /1 writes of copies that were known to be frozen/,
  ],
  [
    'a write from before the freeze that comes once the machine is back',
    (play) => withWrites(play, 'moves', [...WRITES.moves, { copy: MOVES, count: 151, atMs: 15_000 }]),
    /1 writes of copies that were known to be frozen/,
  ],
  [
    'a server that waits and writes while its node is away',
    (play) => withWrites(play, 'stays', [...WRITES.stays, { copy: STAYS, count: 151, atMs: 18_100 }]),
    /1 writes of copies that were known to be frozen/,
  ],
  ['a write that is lost', (play) => withWrites(play, 'stays', WRITES.stays.slice(1)), /1 writes are gone/],
  [
    'a server of another node that stands still',
    (play) => withWrites(play, 'other', [...writing(OTHER, 0, 5_000), ...writing(OTHER, 7_100, REST, 51)]),
    /1 servers of other nodes were touched/,
  ],
  [
    'a server of another node in a new container',
    (play) => withServer(play, server('other', 'n2', STRANGE, 2)),
    /1 servers of other nodes were touched/,
  ],
  [
    'an old container that is still there',
    (play) => ({
      ...play,
      after: { ...play.after, containers: [...play.after.containers, ...play.before.containers] },
    }),
    /a container of moves that is not its own is running/,
  ],
  ['a page that does not answer', (play) => ({ ...play, unanswered: [1_200] }), /did not answer 1 times/],
  ['a server that does not move', (play) => withServer(play, server('moves', 'n1', MOVES)), /moves: it did not move/],
  [
    'a server that should have waited',
    (play) => withServer(play, server('stays', 'n2', STAYS)),
    /stays: it did not wait/,
  ],
  [
    'an old world that is left where it was',
    (play) => ({ ...play, after: { ...play.after, aside: new Map() } }),
    /moves: its old world was not put aside/,
  ],
  [
    'a story in another order',
    (play) => ({ ...play, events: play.events.toReversed() }),
    /moves: the event log says server.failed_over, server.fenced, server.lost/,
  ],
];

for (const [what, change, expected] of faults) {
  test(`${what} is seen`, (t) => {
    const { violations } = judge(change(played()));
    t.true(
      violations.some((violation) => expected.test(violation)),
      violations.join('\n') || 'nothing was wrong',
    );
  });
}

const outcomes: [Scenario['outcome'], RegExp][] = [
  ['untouched', /it is not in the same container as before/],
  ['restarted', /it does not run there in a new container/],
  ['moved_or_restarted', /stays: it was not started again on its node/],
];

for (const [outcome, expected] of outcomes) {
  test(`where ${outcome} is expected, a server that moved or waited is wrong`, (t) => {
    const play = played();
    const { violations } = judge({ ...play, scenario: { ...play.scenario, outcome } });
    t.true(violations.some((violation) => expected.test(violation)));
  });
}
