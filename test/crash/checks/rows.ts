/** Rows against each other: read models, effects and timers against the states they come from; ports and room. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyMachineSnapshot, AnyStateNode, StateValue } from 'xstate';
import { serverRow } from '../../../src/conductor/server/row.ts';
import { createServerMachine } from '../../../src/machines/server/index.ts';
import type { ActorRow, Evidence, Row } from '../evidence.ts';

/** What pages read is what the actor is. */
export function* projectionsAgree({ servers, actors }: Evidence): Iterable<string> {
  const own = actors.filter(({ kind }) => kind === 'server');
  for (const { id } of servers) if (!own.some((actor) => actor.id === id)) yield `row of server ${id} has no actor`;
  for (const { id, seq, snapshot } of own) {
    const row = servers.find((one) => one.id === id);
    if (row === undefined) {
      yield `server ${id} has no row`;
      continue;
    }
    const expected = { ...serverRow(snapshot as AnyMachineSnapshot), version: seq };
    for (const [name, value] of Object.entries(expected)) {
      const column = row[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
      if (!same(column, value)) {
        yield `server ${id}: the row's ${name} is ${JSON.stringify(column)}, the actor's ${JSON.stringify(value)}`;
      }
    }
    if (expected.operationId !== null) yield `server ${id} holds the operation ${expected.operationId}`;
  }
}

const same = (column: unknown, value: unknown): boolean =>
  isDeepStrictEqual(column instanceof Date ? column.getTime() : column, JSON.parse(JSON.stringify(value ?? null)));

const machine = createServerMachine();

/** Each state has exactly the effects and timers that it asked for: more would act for nobody, fewer would be stuck. */
export function* startedAgrees({ actors, effects, timers }: Evidence): Iterable<string> {
  for (const actor of actors) {
    const own = <K extends string>(rows: readonly Row[], column: K) =>
      rows.filter(({ address }) => address === actor.address).map((row) => String(row[column]));
    yield* compared(`${actor.address} runs effects`, own(effects, 'child_id'), Object.keys(actor.snapshot.children));
    if (actor.kind === 'server')
      yield* compared(`${actor.address} has timers`, own(timers, 'timer_id'), timersOf(actor));
  }
  const there = new Set(actors.map(({ address }) => address));
  for (const { address, id } of effects) if (!there.has(String(address))) yield `effect ${id} of nobody`;
  for (const { address, timer_id } of timers) if (!there.has(String(address))) yield `timer ${timer_id} of nobody`;
}

function* compared(what: string, has: readonly string[], should: readonly string[]): Iterable<string> {
  if (!isDeepStrictEqual(has.toSorted(), should.toSorted())) yield `${what} ${has.join()} instead of ${should.join()}`;
}

/** The delayed transitions of every state that is active. One whose guard says no leaves its timer spent. */
function timersOf({ snapshot }: ActorRow): string[] {
  const walk = (node: AnyStateNode, value: StateValue | undefined): AnyStateNode[] => {
    if (value === undefined) return [node];
    const inner = typeof value === 'string' ? { [value]: undefined } : value;
    return [node, ...Object.entries(inner).flatMap(([key, below]) => walk(node.states[key] as AnyStateNode, below))];
  };
  return walk(machine.root as unknown as AnyStateNode, snapshot.value).flatMap((node) =>
    [...new Set(node.after.map(({ eventType }) => eventType))].filter(Boolean),
  );
}

/** A port belongs to one server until it is purged. Those at its home are in its row; elsewhere are those of moves. */
export function* portsAgree({ ports, servers, portRange }: Evidence): Iterable<string> {
  const known = new Map(servers.map((server) => [String(server.id), server]));
  const taken = new Set<string>();
  for (const { server_id, protocol, host_port, node_id } of ports) {
    const port = `${node_id} ${protocol}/${host_port}`;
    if (taken.has(port)) yield `port ${port} was given twice`;
    taken.add(port);
    if (!known.has(String(server_id))) yield `port ${port} is held for server ${server_id}, which is not there`;
    const number = Number(host_port);
    if (number < portRange.first || number > portRange.last) yield `port ${port} is outside of the range`;
  }
  for (const [id, server] of known) {
    if (server.node_id === null) continue;
    const own = ports
      .filter(({ server_id, node_id }) => server_id === id && node_id === server.node_id)
      .map((row) => `${row.name} ${row.protocol}/${row.host_port}`);
    const listed = server.ports as readonly { name: string; protocol: string; host: number }[];
    yield* compared(
      `server ${id} holds ports`,
      own,
      listed.map((port) => `${port.name} ${port.protocol}/${port.host}`),
    );
  }
}

/** Room is held once, for servers that hold it: by the node's own book, by the rows, and by the servers. */
export function* roomAgrees({ actors, reservations, servers }: Evidence): Iterable<string> {
  const rows = reservations.map((row) => `${row.node_id} ${row.server_id} ${row.epoch} ${row.ram_mb}`);
  const nodes = actors.filter(({ kind }) => kind === 'node');
  const book = nodes.flatMap(({ id, snapshot }) =>
    Object.entries(snapshot.context.reservations as Readonly<Record<string, { epoch: number; ramMb: number }>>).map(
      ([serverId, { epoch, ramMb }]) => `${id} ${serverId} ${epoch} ${ramMb}`,
    ),
  );
  yield* compared('room is reserved in rows', rows, book);
  const holders = actors.filter(({ kind, snapshot }) => kind === 'server' && snapshot.context.reserved === true);
  yield* compared(
    'room is reserved for',
    reservations.map((row) => String(row.server_id)),
    holders.map(({ id }) => id),
  );
  for (const { server_id, epoch, ram_mb } of reservations) {
    const server = servers.find(({ id }) => id === server_id);
    if (server?.status !== 'running') continue;
    // A rebuild that went back runs on the room of the placement before.
    const placed = holders.find(({ id }) => id === server_id)?.snapshot.context.placedEpoch;
    if (placed !== epoch) yield `server ${server_id} runs on room of epoch ${placed}, and has room of epoch ${epoch}`;
    const isRight = server.ram_mb === ram_mb || server.restart_pending === true;
    if (!isRight) yield `server ${server_id} runs with ${server.ram_mb} MB on room of ${ram_mb} MB`;
  }
  for (const { id, snapshot } of nodes) {
    const { ramMb, reserveRamMb } = snapshot.context;
    const sum = reservations.filter((row) => row.node_id === id).reduce((total, row) => total + Number(row.ram_mb), 0);
    if (sum > ramMb - reserveRamMb) yield `node ${id} has given ${sum} MB of ${ramMb - reserveRamMb}`;
  }
  for (const { snapshot } of actors.filter(({ kind }) => kind === 'queue')) {
    for (const { serverId } of snapshot.context.entries as readonly { serverId: string }[]) {
      const server = servers.find((one) => one.id === serverId);
      if (server?.status !== 'queued') yield `server ${serverId} waits in the queue, and is ${server?.status}`;
    }
  }
}
