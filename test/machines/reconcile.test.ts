import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { type Claim, reconcile, type ShownContainer, type Verdict } from '../../src/machines/fleet/index.ts';
import { SERVER_STATUSES, type ServerStatus } from '../../src/machines/server/index.ts';

const SERVERS = [...SERVER_STATUSES, 'lost, off', 'unknown'] as const;
const HOMES = { here: 'n1', elsewhere: 'n2', none: null } as const;
const EPOCHS = { equal: 5, older: 4, newer: 6 } as const;
const SHOWN = ['created', 'running', 'paused', 'exited', 'world'] as const;

type Home = keyof typeof HOMES;
type Epoch = keyof typeof EPOCHS;
type What = (typeof SHOWN)[number];

interface Row {
  readonly servers: readonly string[];
  readonly homes: readonly string[];
  readonly epochs: readonly string[];
  readonly verdicts: Readonly<Record<What, Verdict['verdict']>>;
}

const containerOf = (state: ShownContainer['state'], epoch: number): ShownContainer => ({
  id: 'c',
  serverId: 's1',
  epoch,
  state,
  exitCode: null,
});

function claimOf(server: (typeof SERVERS)[number], home: Home): Claim | null {
  if (server === 'unknown') return null;
  const status: ServerStatus = server === 'lost, off' ? 'lost' : server;
  return { status, nodeId: HOMES[home], epoch: EPOCHS.equal, containerIds: [], off: server === 'lost, off' };
}

const verdictOf = (server: (typeof SERVERS)[number], home: Home, epoch: Epoch, what: What) =>
  reconcile(
    claimOf(server, home),
    'n1',
    what === 'world' ? { serverId: 's1', epoch: EPOCHS[epoch] } : containerOf(what, EPOCHS[epoch]),
  );

/** The rows of the table in the documentation, in its order. */
function rowsOfTheDocument(): Row[] {
  const text = readFileSync(new URL('../../docs/reconciliation.md', import.meta.url), 'utf8');
  const [, table = ''] = text.split('| server | home | epoch |');
  const lines = table.split('\n').filter((line) => /^\| (`|any)/.test(line));
  return lines.map((line) => {
    const [servers = '', homes = '', epochs = '', ...verdicts] = line.split('|').slice(1, -1);
    const named = [...servers.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const list = (cell: string) => cell.trim().split(', ');
    const cells = SHOWN.map((what, index) => [what, verdicts[index]?.trim() ?? ''] as const);
    return {
      servers: named.length === 0 ? list(servers) : named,
      homes: list(homes),
      epochs: list(epochs),
      verdicts: Object.fromEntries(cells) as unknown as Row['verdicts'],
    };
  });
}

const fits = (names: readonly string[], name: string) => names.includes('any') || names.includes(name);

const rows = rowsOfTheDocument();
const used = new Set<Row>();

for (const server of SERVERS) {
  for (const home of Object.keys(HOMES) as Home[]) {
    for (const epoch of Object.keys(EPOCHS) as Epoch[]) {
      const row = rows.find(
        ({ servers, homes, epochs }) => fits(servers, server) && fits(homes, home) && fits(epochs, epoch),
      );
      if (row !== undefined) used.add(row);
      test(`what a node shows of a server that is ${server}, home ${home}, epoch ${epoch}, is treated as documented`, (t) => {
        for (const what of SHOWN)
          t.is(verdictOf(server, home, epoch, what).verdict, row?.verdicts[what] as Verdict['verdict'], what);
      });
    }
  }
}

test('the documented table has no row that never counts, and names only servers that there are', (t) => {
  t.true(rows.length > 5);
  t.deepEqual(
    rows.filter((row) => !used.has(row)),
    [],
  );
  const names = rows.flatMap(({ servers }) => servers).filter((name) => name !== 'any');
  t.deepEqual(
    names.filter((name) => !(SERVERS as readonly string[]).includes(name)),
    [],
  );
});

const anyClaim = fc.record({
  status: fc.constantFrom(...SERVER_STATUSES),
  nodeId: fc.constantFrom('n1', 'n2', null),
  epoch: fc.nat({ max: 9 }),
  containerIds: fc.subarray(['c', 'd']),
  off: fc.boolean(),
});

const anyShown = fc.oneof(
  fc.record({ serverId: fc.constant('s1'), epoch: fc.nat({ max: 9 }) }),
  fc.record({
    id: fc.constantFrom('c', 'd', 'e'),
    serverId: fc.constant('s1'),
    epoch: fc.nat({ max: 9 }),
    state: fc.constantFrom('created', 'running', 'paused', 'exited'),
    exitCode: fc.constant(null),
  }),
) as fc.Arbitrary<ShownContainer>;

test('a quarantine always bears an epoch that the node does not refuse', (t) => {
  fc.assert(
    fc.property(fc.option(anyClaim), anyShown, (claim, shown) => {
      const verdict = reconcile(claim, 'n1', shown);
      return verdict.verdict !== 'quarantine' || verdict.newerEpoch > shown.epoch;
    }),
  );
  t.like(reconcile({ ...claimed, epoch: 9, nodeId: 'n2' }, 'n1', containerOf('running', 4)), { newerEpoch: 9 });
});

const claimed: Claim = { status: 'running', nodeId: 'n1', epoch: 5, containerIds: [], off: false };

test('only the copy of the present placement, at its home, is ever let run', (t) => {
  fc.assert(
    fc.property(anyClaim, anyShown, (claim, shown) => {
      if (!('state' in shown) || (shown.state !== 'running' && shown.state !== 'paused')) return true;
      if (reconcile(claim, 'n1', shown).verdict !== 'keep') return true;
      return claim.nodeId === 'n1' && (shown.epoch === claim.epoch || claim.containerIds.includes(shown.id));
    }),
  );
  t.pass();
});

test('what is newer than the server knows is never touched, wherever its home is', (t) => {
  fc.assert(
    fc.property(anyClaim, anyShown, (claim, shown) => {
      const own = 'id' in shown && claim.containerIds.includes(shown.id);
      if (claim.status === 'purged' || own || shown.epoch <= claim.epoch) return true;
      return ['hold', 'keep'].includes(reconcile(claim, 'n1', shown).verdict);
    }),
  );
  t.pass();
});

test('the container that a rebuild goes back to is kept, though it is older', (t) => {
  const claim: Claim = { ...claimed, status: 'rebuilding', containerIds: ['c'] };
  t.is(reconcile(claim, 'n1', containerOf('exited', 4)).verdict, 'keep');
  t.is(reconcile({ ...claim, containerIds: ['other'] }, 'n1', containerOf('exited', 4)).verdict, 'stop');
});
