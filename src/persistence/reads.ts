import type { Reads } from '../conductor/interfaces/reads.ts';
import type { Database } from './database.ts';
import { translating } from './errors.ts';
import { actorReads } from './reads/actors.ts';
import { counts } from './reads/counts.ts';
import { eventReads } from './reads/events.ts';
import { nodeReads } from './reads/nodes.ts';
import { operationReads } from './reads/operations.ts';
import { placedReads } from './reads/placed.ts';
import { queueEntries } from './reads/queue.ts';
import { serverReads } from './reads/servers.ts';

/**
 * What pages and reports read. Every method throws `unavailable` while the database does not answer.
 * @param admit runs each read, at once or when it is its turn; see `Database.background`
 */
export function createReads({ orm, shared, ping }: Database, admit: Database['background'] = (work) => work()): Reads {
  const read = <T>(work: () => Promise<T>): Promise<T> => admit(() => translating(work));
  const [servers, placed, nodes, operations, actors, events] = [
    serverReads(orm),
    placedReads(shared),
    nodeReads(orm),
    operationReads(orm),
    actorReads(orm),
    eventReads(orm),
  ];
  return {
    ping,
    servers: (filter, request) => read(() => servers.servers(filter, request)),
    server: (id, options) => read(() => servers.server(id, options)),
    placedOn: (nodeId) => read(() => placed.placedOn(nodeId)),
    placed: (id) => read(() => placed.placed(id)),
    nodes: (options) => read(() => nodes.nodes(options)),
    node: (id) => read(() => nodes.node(id)),
    reservations: (nodeId) => read(() => nodes.reservations(nodeId)),
    operations: (filter, request) => read(() => operations.operations(filter, request)),
    operation: (id) => read(() => operations.operation(id)),
    journal: (address, request) => read(() => actors.journal(address, request)),
    actors: (filter, request) => read(() => actors.actors(filter, request)),
    deadLetters: (request) => read(() => actors.deadLetters(request)),
    events: (since, limit, ownerId) => read(() => events.events(since, limit, ownerId)),
    firstEventSeq: () => read(() => events.firstEventSeq()),
    lastEventSeq: () => read(() => events.lastEventSeq()),
    queue: () => read(() => queueEntries(orm)),
    counts: () => read(() => counts(shared)),
  };
}
