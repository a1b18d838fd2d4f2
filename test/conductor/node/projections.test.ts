import test from 'ava';
import fc from 'fast-check';
import type { AnyMachineSnapshot } from 'xstate';
import {
  NODE_PROJECTION,
  NODE_RESERVATIONS_PROJECTION,
  type NodeReservationsProjection,
} from '../../../src/conductor/interfaces/stores.ts';
import { nodeProjections } from '../../../src/conductor/node/projections.ts';
import { nodeRow } from '../../../src/conductor/node/row.ts';
import { connected, type Node, reading } from '../../machines/node-stations.ts';

/** Rows as turns have left them. */
interface Rows {
  node: unknown;
  readonly reservations: Map<string, object>;
}

function write(rows: Rows, after: AnyMachineSnapshot, before: AnyMachineSnapshot | null): void {
  for (const { name, row } of nodeProjections(after, before)) {
    if (name === NODE_PROJECTION) rows.node = row;
    else if (name === NODE_RESERVATIONS_PROJECTION) {
      const { reserved, released } = row as unknown as NodeReservationsProjection;
      for (const serverId of released) rows.reservations.delete(serverId);
      for (const { serverId, ...reservation } of reserved) rows.reservations.set(serverId, reservation);
    }
  }
}

const book = ({ context }: Node): Record<string, object> =>
  Object.fromEntries(
    Object.entries(context.reservations).map(([serverId, { startsUntil: _until, kept: _kept, ...row }]) => [
      serverId,
      row,
    ]),
  );

const ask = { ramMb: 512, cpuMilli: 100, diskMb: 10, ports: 1 };
const serverId = fc.constantFrom('a', 'b', 'c', 'd');
const epoch = fc.integer({ min: 1, max: 3 });
const anEvent = fc.oneof(
  fc
    .array(fc.record({ serverId, epoch }), { minLength: 1, maxLength: 3 })
    .map((all) => ({ type: 'reserve', requests: all.map((of) => ({ ...of, startMs: 1, ...ask })) })),
  fc.record({ type: fc.constant('hold'), serverId, epoch }).map((event) => ({ ...event, ...ask })),
  fc.record({ type: fc.constantFrom('release', 'withdraw', 'forget'), serverId, epoch }),
  fc.record({ type: fc.constant('resize'), ramMb: fc.constantFrom(8000, 4000), cpus: fc.constant(40) }),
  fc
    .constantFrom('cordon', 'uncordon', 'drain', 'undrain')
    .map((command) => ({ type: command, operation: { id: 'o', command } })),
  fc
    .constantFrom(0.5, 0.92)
    .map((disk) => ({ type: 'beat', reading: reading({ disk, cpus: 40 }), receivedAt: 1_000_000 })),
);

test('after any turns the rows are what the node’s actor says', (t) => {
  const isRight = (events: readonly { readonly type: string }[]): void => {
    const node = connected();
    const rows: Rows = { node: undefined, reservations: new Map() };
    write(rows, node.snapshot, null);
    for (const event of events) {
      const before = node.snapshot;
      node.send(event);
      write(rows, node.snapshot, before);
      t.deepEqual(rows.node, nodeRow(node.snapshot));
      t.deepEqual(Object.fromEntries(rows.reservations), book(node));
    }
  };
  fc.assert(fc.property(fc.array(anEvent, { maxLength: 30 }), isRight), { numRuns: 200 });
});

test('a server that comes, runs and goes costs its own row, however many others there are', (t) => {
  const node = connected({ cpus: 100 });
  node.send({ type: 'resize', ramMb: 1_000_000, cpus: 100 });
  const writes = (event: { readonly type: string; readonly [key: string]: unknown }) => {
    const before = node.snapshot;
    t.true(node.send(event));
    return nodeProjections(node.snapshot, before);
  };
  for (let n = 0; n < 40; n += 1)
    node.send({ type: 'reserve', requests: [{ serverId: `s${n}`, epoch: 1, startMs: 1, ...ask }] });
  const [only, ...others] = writes({ type: 'reserve', requests: [{ serverId: 'last', epoch: 1, startMs: 1, ...ask }] });
  t.like(only, { name: NODE_RESERVATIONS_PROJECTION, row: { nodeId: 'n1', released: [] } });
  t.deepEqual(only?.row?.reserved, [{ serverId: 'last', epoch: 1, ...ask }]);
  t.deepEqual(others, []);
  t.deepEqual(writes({ type: 'hold', serverId: 'last', epoch: 1, ...ask }), []);
  t.like(writes({ type: 'release', serverId: 'last', epoch: 1 }), [{ row: { reserved: [], released: ['last'] } }]);
});
