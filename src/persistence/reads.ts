import type { Reads } from '../conductor/interfaces/reads.ts';
import type { Database } from './database.ts';
import { translating } from './errors.ts';
import { actorReads } from './reads/actors.ts';
import { counts } from './reads/counts.ts';
import { eventReads } from './reads/events.ts';
import { nodeReads } from './reads/nodes.ts';
import { operationReads } from './reads/operations.ts';
import { serverReads } from './reads/servers.ts';

/** What pages and reports read. Every method throws `unavailable` while the database does not answer. */
export function createReads({ orm, pool, ping }: Database): Reads {
  const [servers, nodes, operations, actors, events] = [
    serverReads(orm),
    nodeReads(orm),
    operationReads(orm),
    actorReads(orm),
    eventReads(orm),
  ];
  return {
    ping,
    servers: (filter, request) => translating(() => servers.servers(filter, request)),
    server: (id, options) => translating(() => servers.server(id, options)),
    nodes: (options) => translating(() => nodes.nodes(options)),
    node: (id) => translating(() => nodes.node(id)),
    reservations: (nodeId) => translating(() => nodes.reservations(nodeId)),
    operations: (filter, request) => translating(() => operations.operations(filter, request)),
    operation: (id) => translating(() => operations.operation(id)),
    journal: (address, request) => translating(() => actors.journal(address, request)),
    actors: (filter, request) => translating(() => actors.actors(filter, request)),
    deadLetters: (request) => translating(() => actors.deadLetters(request)),
    events: (since, limit, ownerId) => translating(() => events.events(since, limit, ownerId)),
    lastEventSeq: () => translating(() => events.lastEventSeq()),
    counts: () => translating(() => counts(pool)),
  };
}
