import { z } from 'zod';
import { type Route, route } from '../route.ts';
import { Turn } from '../schemas/actor.ts';
import { Id, pageOf, paging, sortBy, Text } from '../schemas/common.ts';
import { Connection, Players, Stats } from '../schemas/server.ts';
import { pageRequest, pageView, turnView } from '../views.ts';
import { mayCommand, ownServer, type RouteDeps } from './deps.ts';

const BYTES_PER_MB = 1_000_000;
const params = { id: Id };

/** What goes on inside a server: console, players, figures, history. */
export const insideRoutes = (deps: RouteDeps): Route[] => {
  const { conductor } = deps;
  return [
    route({
      id: 'execInServer',
      tag: 'Servers',
      method: 'post',
      path: '/api/servers/{id}/exec',
      summary: 'Run a console command in the game',
      description: 'Each request runs it once more: it is no operation, and takes no `Idempotency-Key`.',
      params,
      body: z.strictObject({
        // One line: a break in it would smuggle in a second command.
        command: Text(1000).min(1).meta({ example: 'say hello' }),
      }),
      status: 200,
      response: z.object({ output: z.string().meta({ description: 'What the game answered, if it can answer.' }) }),
      errors: ['not_found', 'invalid_transition', 'no_console', 'mailbox_full'],
      async handle(call) {
        await mayCommand(deps, call.params.id, call.principal);
        return { body: await conductor.exec(call.params.id, call.body.command, call.caller()) };
      },
    }),
    route({
      id: 'readServerHistory',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers/{id}/history',
      summary: 'Its journal: every committed turn',
      params,
      query: { ...paging, ...sortBy('seq', 'at') },
      status: 200,
      response: pageOf(Turn),
      errors: ['not_found'],
      async handle({ params: { id }, query, principal }) {
        await ownServer(deps, id, principal);
        return { body: pageView(await conductor.reads.journal(`server/${id}`, pageRequest(query)), turnView) };
      },
    }),
    route({
      id: 'readServerPlayers',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers/{id}/players',
      summary: 'Who plays',
      params,
      status: 200,
      response: Players,
      errors: ['not_found'],
      async handle({ params: { id }, principal }) {
        await ownServer(deps, id, principal);
        return { body: await conductor.players(id) };
      },
    }),
    route({
      id: 'readServerConnection',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers/{id}/connection',
      summary: 'Where players join',
      params,
      status: 200,
      response: Connection,
      errors: ['not_found'],
      async handle({ params: { id }, principal }) {
        await ownServer(deps, id, principal);
        return { body: await conductor.connection(id) };
      },
    }),
    route({
      id: 'readServerStats',
      tag: 'Servers',
      method: 'get',
      path: '/api/servers/{id}/stats',
      summary: 'CPU, RAM, network and disk',
      params,
      status: 200,
      response: Stats,
      errors: ['not_found'],
      async handle({ params: { id }, principal }) {
        const row = await ownServer(deps, id, principal);
        const stats = await conductor.stats(id);
        const whole = (bytes: number | undefined) => (bytes === undefined ? null : Math.round(bytes));
        return {
          body: {
            running: stats !== null,
            ramBytes: whole(stats?.ramBytes),
            ramLimitBytes: whole(stats?.ramLimitBytes),
            cpu: stats?.cpu ?? null,
            networkRxBytes: whole(stats?.networkRxBytes),
            networkTxBytes: whole(stats?.networkTxBytes),
            diskBytes: row.dataBytes,
            diskLimitBytes: row.diskMb === 0 ? null : row.diskMb * BYTES_PER_MB,
          },
        };
      },
    }),
  ];
};
