import type { z } from 'zod';
import type { CommandOptionsBody, PlainCommand } from '../../conductor/types.ts';
import { problemOf } from '../problem.ts';
import { type Call, type Route, route } from '../route.ts';
import { Flag, Id } from '../schemas/common.ts';
import { Accepted, ifBusy } from '../schemas/operation.ts';
import { BulkAnswer, bulkBody, commandBody } from '../schemas/server.ts';
import { operationView } from '../views.ts';
import { mayCommand, type RouteDeps } from './deps.ts';

const SUMMARIES = {
  start: 'Start',
  stop: 'Stop: tell the players, save, stop',
  kill: 'Kill at once, without saving',
  restart: 'Stop and start as one operation',
  rebuild: 'Make the container again from a fresh image; keeps data, ports and settings',
  archive: 'Put the data into the archive store',
  wake: 'Wake a sleeping server',
  undelete: 'Take back a deletion',
  failover: 'Give up its lost node and start it elsewhere',
} as const;

const BULK = { start: 'Start several', stop: 'Stop several', delete: 'Delete several' } as const;

const refusals = ['not_found', 'invalid_transition', 'conflict', 'precondition_failed'] as const;

/** Commands on servers: each answers 202 with its operation as soon as it is stored. */
export const commandRoutes = (deps: RouteDeps): Route[] => [
  ...Object.entries(BULK).map(([command, summary]) => bulk(deps, command as keyof typeof BULK, summary)),
  ...Object.entries(SUMMARIES).map(([command, summary]) => plain(deps, command as keyof typeof SUMMARIES, summary)),
  route({
    id: 'deleteServer',
    tag: 'Servers',
    method: 'delete',
    path: '/api/servers/{id}',
    summary: 'Delete; it can be taken back until it is purged',
    params: { id: Id },
    query: {
      stop_first: Flag.optional().meta({ description: 'Stop it first if it runs.' }),
      if_busy: ifBusy,
    },
    command: true,
    status: 202,
    response: Accepted,
    errors: refusals,
    handle: (call) => run(deps, call, 'delete', { stopFirst: call.query.stopFirst ?? false }, call.query.ifBusy),
  }),
  route({
    id: 'purgeServer',
    tag: 'Servers',
    method: 'delete',
    path: '/api/servers/{id}/purge',
    summary: 'Remove for good: container, ports and, unless kept, data',
    params: { id: Id },
    query: {
      keep_data: Flag.optional().meta({
        description: 'Leave the world on its node, where it is put aside with other worlds that nobody has.',
      }),
      if_busy: ifBusy,
    },
    command: true,
    status: 202,
    response: Accepted,
    errors: refusals,
    handle: (call) => run(deps, call, 'purge', { keepData: call.query.keepData ?? false }, call.query.ifBusy),
  }),
];

const plain = (deps: RouteDeps, command: keyof typeof SUMMARIES, summary: string): Route =>
  route({
    id: `${command}Server`,
    tag: 'Servers',
    method: 'post',
    path: `/api/servers/{id}/${command}`,
    summary,
    params: { id: Id },
    body: commandBody(command).optional(),
    bodyOptional: true,
    command: true,
    status: 202,
    response: Accepted,
    errors: refusals,
    handle(call) {
      const { ifBusy, ...options } = call.body ?? {};
      return run(deps, call, command, options, ifBusy);
    },
  });

const bulk = (deps: RouteDeps, command: keyof typeof BULK, summary: string): Route =>
  route({
    id: `${command}Servers`,
    tag: 'Servers',
    method: 'post',
    path: `/api/servers/bulk/${command}`,
    summary,
    description:
      'One operation each; a refusal of one does not hold up the others. With an `Idempotency-Key` each server has its own, made from it.',
    body: bulkBody(command),
    command: true,
    status: 202,
    response: BulkAnswer,
    async handle(call) {
      const { ids, ifBusy, ...options } = call.body;
      const one = async (id: string) => {
        try {
          const caller = call.caller(ifBusy);
          const own = { ...caller, ...(caller.idempotencyKey && { idempotencyKey: `${caller.idempotencyKey}/${id}` }) };
          await mayCommand(deps, id, call.principal);
          const taken = await deps.conductor.commandServer(id, command, options, own);
          return { id, operation: operationView(await deps.settled(taken, call.waitSeconds)), error: null };
        } catch (thrown) {
          return { id, operation: null, error: problemOf(thrown, call.requestId) };
        }
      };
      return { body: { items: await Promise.all([...new Set(ids)].map(one)) } };
    },
  });

async function run<Q extends Readonly<Record<string, z.ZodType>>, B extends z.ZodType>(
  deps: RouteDeps,
  call: Pick<Call<{ id: typeof Id }, Q, B>, 'params' | 'principal' | 'caller' | 'waitSeconds'>,
  command: PlainCommand,
  options: CommandOptionsBody,
  whenBusy: 'refuse' | 'queue' | undefined,
) {
  const { id } = call.params;
  await mayCommand(deps, id, call.principal);
  const taken = await deps.conductor.commandServer(id, command, options, call.caller(whenBusy));
  const operation = await deps.settled(taken, call.waitSeconds);
  return {
    body: { operation: operationView(operation) },
    headers: { location: `/api/operations/${operation.id}` },
  };
}
