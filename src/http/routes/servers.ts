import { z } from 'zod';
import { SERVER_STATUSES } from '../../machines/server/types.ts';
import { httpLimits } from '../limits.ts';
import { withoutMasks } from '../mask.ts';
import { type Route, route } from '../route.ts';
import { Count, Flag, Id, oneOrMore, pageOf, paging, sortBy, Text } from '../schemas/common.ts';
import { Accepted } from '../schemas/operation.ts';
import { ConfigureServer, CreateServer, Server, ServerAndOperation } from '../schemas/server.ts';
import { operationView, pageRequest, pageView, serverView } from '../views.ts';
import { mayCommand, ownServer, type RouteDeps } from './deps.ts';

/** What persistence can sort by. */
const SORTS = [
  'created_at',
  'updated_at',
  'started_at',
  'stopped_at',
  'name',
  'status',
  'template',
  'plan',
  'ram_mb',
  'disk_mb',
  'cpu',
  'players',
  'data_bytes',
];

const etag = (version: number) => `"${version}"`;

/** Making, finding, reading and configuring servers. */
export const serverRoutes = (deps: RouteDeps): Route[] => {
  const { conductor, secretNames } = deps;
  return [
    route({
      id: 'listServers',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers',
      summary: 'List servers',
      query: {
        status: oneOrMore(SERVER_STATUSES).optional(),
        node_id: Id.optional(),
        owner_id: Id.optional(),
        q: Text(100).optional().meta({ description: 'Part of the name, in any case.' }),
        include_deleted: Flag.optional().meta({
          description: 'Show deleted ones as well. A `status` of theirs does so too.',
        }),
        ...paging,
        ...sortBy(...SORTS),
      },
      status: 200,
      response: pageOf(Server),
      async handle({ query, principal }) {
        const ownerId = principal.admin ? query.ownerId : principal.accountId;
        const filter = {
          ...(query.status && { statuses: query.status }),
          ...(query.nodeId && { nodeId: query.nodeId }),
          ...(ownerId && { ownerId }),
          ...(query.q && { q: query.q }),
          ...(query.includeDeleted !== undefined && { includeDeleted: query.includeDeleted }),
        };
        const page = await conductor.reads.servers(filter, pageRequest(query));
        return { body: pageView(page, (row) => serverView(row, secretNames)) };
      },
    }),
    route({
      id: 'createServer',
      tag: 'Servers',
      method: 'post',
      path: '/api/servers',
      summary: 'Create a server',
      description: 'The operation ends when the server runs, or with `start: false` when it is ready to be started.',
      body: CreateServer,
      command: true,
      status: 202,
      response: ServerAndOperation,
      errors: ['unknown_template', 'conflict'],
      async handle(call) {
        const made = await conductor.createServer(call.body, call.caller());
        const operation = await deps.settled(made.operation, call.waitSeconds);
        const waited = call.waitSeconds !== null;
        const server = (waited && (await conductor.reads.server(made.server.id))) || made.server;
        return {
          body: { server: serverView(server, secretNames), operation: operationView(operation) },
          headers: { location: `/api/servers/${server.id}`, etag: etag(server.version) },
        };
      },
    }),
    route({
      id: 'getServer',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers/{id}',
      summary: 'Read a server',
      description: 'Answers 304 to an `If-None-Match` with the present `ETag`.',
      params: { id: Id },
      query: { include_deleted: Flag.optional().meta({ description: 'Also when it is deleted.' }) },
      status: 200,
      response: Server,
      errors: ['not_found'],
      async handle({ params, query, principal }) {
        const row = await ownServer(deps, params.id, principal, query.includeDeleted ?? false);
        return { body: serverView(row, secretNames), headers: { etag: etag(row.version) } };
      },
    }),
    route({
      id: 'configureServer',
      tag: 'Servers',
      method: 'patch',
      path: '/api/servers/{id}',
      summary: 'Change settings',
      description: 'What needs a new container shows as `restart_pending` until the next restart.',
      params: { id: Id },
      body: ConfigureServer,
      command: true,
      status: 202,
      response: Accepted,
      errors: ['not_found', 'invalid_transition', 'conflict', 'precondition_failed'],
      async handle(call) {
        const { ifBusy, env, ...changes } = call.body;
        const { id } = call.params;
        await mayCommand(deps, id, call.principal);
        const request = { ...changes, ...(env && { env: withoutMasks(env) }) };
        const taken = await conductor.configureServer(id, request, call.caller(ifBusy));
        const operation = await deps.settled(taken, call.waitSeconds);
        return {
          body: { operation: operationView(operation) },
          headers: { location: `/api/operations/${operation.id}` },
        };
      },
    }),
    route({
      id: 'readServerLogs',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers/{id}/logs',
      summary: 'The last lines of its console',
      params: { id: Id },
      query: { lines: Count(1, httpLimits.logLinesMax).default(100) },
      status: 200,
      response: z.object({ lines: z.array(z.string()) }),
      errors: ['not_found'],
      async handle({ params, query, principal }) {
        await ownServer(deps, params.id, principal);
        return { body: { lines: await conductor.logs(params.id, query.lines) } };
      },
    }),
  ];
};
