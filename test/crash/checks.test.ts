/** Each check is shown a sound world, which it must not mind, and one with a single fault, which it must find. */
import test from 'ava';
import { createInterpreter, effectDone } from '../../src/actors/xstate.ts';
import { serverRow } from '../../src/conductor/server/row.ts';
import { createServerMachine, type ServerInput } from '../../src/machines/server/index.ts';
import { CHECK_NAMES, violations } from './checks/index.ts';
import type { ActorRow, Evidence, Row } from './evidence.ts';
import { twins } from './machine.ts';

const ID = '0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f50';
const OPERATION = '0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f51';
const ADDRESS = `server/${ID}` as const;

const INPUT = {
  id: ID,
  ownerId: 'owner',
  at: 1,
  start: true,
  operation: { id: OPERATION, command: 'create' },
  spec: { name: 'meadow', template: 'luanti', ramMb: 512, plan: 'payperplay', bootSeconds: 60, graceSeconds: 30 },
} as unknown as ServerInput;

const PORT = { name: 'game', protocol: 'udp', container: 30_000, host: 31_000 };

/** A server on its way from nothing to `running`, as its own statechart goes it, with what the turns leave behind. */
function sound(): Evidence {
  const interpreter = createInterpreter(createServerMachine(), 100);
  const steps = [
    effectDone('prepare', { nodeId: 'n', engine: 'simulated', ports: [PORT], dataExists: false }),
    effectDone('place', { placed: true }),
    effectDone('fetch', {}),
    effectDone('createContainer', { containerId: 'c' }),
    effectDone('boot', { players: 0 }),
    { type: 'observed', observation: { container: null, dataExists: true, dataMarked: true } },
  ];
  let { snapshot } = interpreter.initial(ADDRESS, INPUT);
  const name = () =>
    typeof snapshot.value === 'string' ? snapshot.value : Object.entries(snapshot.value)[0]?.join('.');
  const journal: Row[] = [{ address: ADDRESS, seq: 1, event: 'create', from_state: null, to_state: name() }];
  const events: Row[] = [];
  for (const event of steps) {
    const from = name();
    // Only its data is seen: a container that is not there would be another story.
    if (event.type === 'observed') Object.assign(snapshot.context, { dataExists: true, worldMarked: true });
    else snapshot = interpreter.next(ADDRESS, snapshot, { ...event, at: 2 })?.snapshot ?? snapshot;
    const to = name();
    journal.push({ address: ADDRESS, seq: journal.length + 1, event: 'step', from_state: from, to_state: to });
    if (from === to) continue;
    const [[old_status, old_status_detail = null], [status, status_detail = null]] = [split(from), split(to)];
    const data = { old_status, old_status_detail, status, status_detail };
    events.push({ seq: events.length + 1, type: 'server.status_changed', subject_id: ID, data });
  }
  const stored = JSON.parse(JSON.stringify(interpreter.persist(snapshot)));
  const server: ActorRow = { address: ADDRESS, kind: 'server', id: ID, seq: 7, snapshot: stored, quarantined: null };
  const reservations = { [ID]: { epoch: 1, ramMb: 512, cpuMilli: 0, diskMb: 0, ports: 1, startsUntil: null } };
  const context = { ramMb: 4_096, reserveRamMb: 1_050, reservations };
  const node = { value: 'ready', status: 'active', children: {}, context } as unknown as ActorRow['snapshot'];
  const row = Object.entries({ ...serverRow(snapshot), version: 7 }).map(([key, value]) => [snake(key), value ?? null]);
  return {
    actors: [server, { address: 'node/n', kind: 'node', id: 'n', seq: 1, snapshot: node, quarantined: null }],
    servers: [JSON.parse(JSON.stringify(Object.fromEntries(row)))],
    journal: [...journal, { address: 'node/n', seq: 1, event: 'create', from_state: null, to_state: 'ready' }],
    events,
    operations: [
      { id: OPERATION, command: 'create', status: 'succeeded', error: null, finished_at: 1, idempotency_key: 'k' },
    ],
    effects: [{ id: 'e', address: ADDRESS, child_id: 'monitor' }],
    timers: [],
    messages: [],
    stash: [],
    deadLetters: [],
    ports: [{ node_id: 'n', server_id: ID, protocol: 'udp', host_port: 31_000, name: 'game' }],
    reservations: [{ node_id: 'n', server_id: ID, epoch: 1, ram_mb: 512 }],
    notes: [
      { op: 'insert', kind: 'journal', id: '1', address: ADDRESS, what: 'boot done', tx: 1 },
      { op: 'delete', kind: 'effects', id: 'b', address: ADDRESS, what: 'boot', tx: 1 },
    ],
    containers: [{ id: 'c', serverId: ID, epoch: 1, running: true }],
    networks: [ID],
    worlds: new Map([[ID, { files: ['level.dat'], mark: ID }]]),
    portRange: { first: 31_000, last: 31_010 },
    asked: [
      {
        ask: { method: 'POST', path: '/api/servers', key: 'k' },
        lost: 1,
        answers: [{ status: 202, code: null, operationId: OPERATION }],
      },
    ],
    followed: events.map(({ seq }) => Number(seq)),
  };
}

const split = (state = ''): string[] => state.split('.');
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const changed = (rows: readonly Row[], change: Row): readonly Row[] => rows.map((row) => ({ ...row, ...change }));

/** By check: a fault that it alone is there for. */
const FAULTS: Readonly<Record<string, readonly ((world: Evidence) => Partial<Evidence>)[]>> = {
  operationsEnded: [
    ({ operations }) => ({ operations: changed(operations, { status: 'running' }) }),
    ({ operations }) => ({ operations: changed(operations, { status: 'failed' }) }),
  ],
  answersKept: [
    () => ({ operations: [] }),
    ({ operations }) => ({ operations: [...operations, ...changed(operations, { id: 'another' })] }),
    ({ asked }) => ({
      asked: asked.map((one) => ({ ...one, answers: [{ status: 409, code: 'x', operationId: null }] })),
    }),
  ],
  resultsHold: [
    ({ operations, journal }) => ({
      operations: changed(operations, { command: 'stop' }),
      journal: changed(journal, { operation_id: OPERATION }),
    }),
  ],
  settled: [({ servers }) => ({ servers: changed(servers, { status: 'starting' }) })],
  containersAgree: [
    () => ({ containers: [] }),
    () => ({ containers: [{ id: 'c', serverId: ID, epoch: 1, running: false }] }),
    ({ containers }) => ({ containers: [...containers, { id: 'old', serverId: ID, epoch: 0, running: false }] }),
    ({ servers }) => ({ servers: changed(servers, { status: 'stopped' }) }),
    ({ containers }) => ({ containers: [...containers, { id: 'x', serverId: 'nobody', epoch: 1, running: false }] }),
  ],
  networksAgree: [() => ({ networks: [ID, 'gone'] }), () => ({ networks: [ID, ID] })],
  worldsKept: [
    () => ({ worlds: new Map() }),
    () => ({ worlds: new Map([[ID, { files: ['level.dat'], mark: null }]]) }),
    ({ worlds }) => ({ worlds: new Map([...worlds, ['nobody', { files: [], mark: null }]]) }),
  ],
  journalWhole: [
    ({ journal }) => ({ journal: journal.filter(({ seq }) => seq !== 3) }),
    ({ journal }) => ({ journal: [...journal, ...journal.slice(-1)] }),
  ],
  nothingLeft: [
    () => ({ messages: [{ id: 'm', receiver: ADDRESS }] }),
    () => ({ stash: [{ operation_id: OPERATION, address: ADDRESS }] }),
    () => ({ deadLetters: [{ address: ADDRESS, error: {} }] }),
    ({ actors }) => ({ actors: actors.map((actor) => ({ ...actor, quarantined: {} })) }),
  ],
  handledOnce: [
    ({ notes }) => ({ notes: notes.slice(0, 1) }),
    ({ notes }) => ({ notes: [...notes, ...notes.slice(1)] }),
    ({ notes }) => ({
      notes: [...notes, { op: 'delete', kind: 'messages', id: 'm', address: 'node/n', what: 'x', tx: 9 }],
    }),
  ],
  projectionsAgree: [
    ({ servers }) => ({ servers: changed(servers, { restart_pending: true }) }),
    () => ({ servers: [] }),
  ],
  startedAgrees: [
    () => ({ effects: [] }),
    ({ effects }) => ({ effects: [...effects, { id: 'f', address: ADDRESS, child_id: 'boot' }] }),
    () => ({ timers: [{ address: ADDRESS, timer_id: 'xstate.after.bootDeadline.server.starting.booting' }] }),
  ],
  portsAgree: [
    () => ({ ports: [] }),
    ({ ports }) => ({ ports: changed(ports, { host_port: 40_000 }) }),
    ({ ports }) => ({ ports: [...ports, ...changed(ports, { server_id: 'gone', host_port: 31_001 })] }),
  ],
  roomAgrees: [
    () => ({ reservations: [] }),
    ({ reservations }) => ({ reservations: changed(reservations, { ram_mb: 4_000 }) }),
  ],
  statusChangesTold: [
    ({ events }) => ({ events: events.slice(1) }),
    ({ events }) => ({ events: [...events, ...events.slice(-1)] }),
  ],
  nothingMissed: [
    ({ followed }) => ({ followed: followed.filter((seq) => seq !== 2) }),
    ({ followed }) => ({ followed: followed.toReversed() }),
  ],
};

test('a sound world has no violations', (t) => {
  t.deepEqual(violations(sound(), [ID]), []);
});

test('there is a fault for every check', (t) => {
  t.deepEqual(Object.keys(FAULTS).toSorted(), CHECK_NAMES.toSorted());
});

for (const [name, faults] of Object.entries(FAULTS)) {
  faults.forEach((fault, index) => {
    test(`${name} finds fault ${index + 1} of ${faults.length}`, (t) => {
      const world = sound();
      const found = violations({ ...world, ...fault(world) }, [ID]);
      t.true(
        found.some((one) => one.startsWith(`${name}: `)),
        found.join('\n'),
      );
    });
  });
}

test('two containers of one epoch are seen, and two that run', (t) => {
  const one = { id: 'a', serverId: ID, epoch: 1, running: false };
  t.deepEqual(twins([one, { ...one, id: 'b', epoch: 2, running: true }]), []);
  t.is(twins([one, { ...one, id: 'b' }]).length, 1);
  t.is(
    twins([
      { ...one, running: true },
      { ...one, id: 'b', epoch: 2, running: true },
    ]).length,
    1,
  );
});
