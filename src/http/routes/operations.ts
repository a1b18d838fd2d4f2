import { z } from 'zod';
import type { Operation as OperationRow, Principal } from '../../actors/types.ts';
import { errors } from '../errors.ts';
import { type Route, route } from '../route.ts';
import { Id, pageOf, paging, sortBy } from '../schemas/common.ts';
import { Accepted, OPERATION_STATUSES, Operation } from '../schemas/operation.ts';
import { operationView, pageRequest, pageView } from '../views.ts';
import { mayTouch, type RouteDeps } from './deps.ts';

const Target = z
  .templateLiteral([z.string().regex(/[a-z][a-z0-9_-]*/), '/', z.string().regex(/[\w.:-]{1,200}/)])
  .meta({ description: 'An actor as `kind/id`.', example: 'server/0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f50' });

/** Commands that were taken, running or ended. */
export const operationRoutes = (deps: RouteDeps): Route[] => {
  const { reads } = deps.conductor;

  const own = async (id: string, principal: Principal): Promise<OperationRow> => {
    const operation = await reads.operation(id);
    if (operation === null || !mayTouch(principal, operation.accountId)) {
      throw errors.not_found({ kind: 'operation', id });
    }
    return operation;
  };

  return [
    route({
      id: 'listOperations',
      tag: 'Operations',
      method: 'get',
      path: '/api/operations',
      summary: 'List operations',
      query: {
        status: z.enum(OPERATION_STATUSES).optional(),
        target: Target.optional(),
        ...paging,
        ...sortBy('created_at', 'finished_at', 'status', 'command', 'target'),
      },
      status: 200,
      response: pageOf(Operation),
      async handle({ query, principal }) {
        const filter = {
          ...(query.status && { status: query.status }),
          ...(query.target && { target: query.target }),
          ...(!principal.admin && { accountId: principal.accountId }),
        };
        return { body: pageView(await reads.operations(filter, pageRequest(query)), operationView) };
      },
    }),
    route({
      id: 'getOperation',
      tag: 'Operations',
      method: 'get',
      path: '/api/operations/{id}',
      summary: 'Read an operation',
      params: { id: Id },
      status: 200,
      response: Operation,
      waits: true,
      errors: ['not_found'],
      async handle({ params, principal, waitSeconds }) {
        const operation = await deps.settled(await own(params.id, principal), waitSeconds);
        return { body: operationView(operation) };
      },
    }),
    route({
      id: 'cancelOperation',
      tag: 'Operations',
      method: 'post',
      path: '/api/operations/{id}/cancel',
      summary: 'Cancel an operation',
      description: 'What it has done so far is undone where that is possible.',
      params: { id: Id },
      command: true,
      status: 202,
      response: Accepted,
      errors: ['not_found', 'invalid_transition'],
      async handle(call) {
        await own(call.params.id, call.principal);
        const taken = await deps.conductor.cancelOperation(call.params.id, call.caller());
        const operation = await deps.settled(taken, call.waitSeconds);
        return {
          body: { operation: operationView(operation) },
          headers: { location: `/api/operations/${operation.id}` },
        };
      },
    }),
  ];
};
