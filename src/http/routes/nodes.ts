import { z } from 'zod';
import type { Operation } from '../../actors/types.ts';
import type { PlainNodeCommand } from '../../conductor/types.ts';
import { type Route, route } from '../route.ts';
import { Id, pageOf, paging } from '../schemas/common.ts';
import { AddNode, BootstrapNode, LabelNode, Node, NodeDetails } from '../schemas/node.ts';
import { Accepted, Operation as OperationSchema } from '../schemas/operation.ts';
import { nodeDetailsView, nodeView, operationView, pageView } from '../views.ts';
import { pageOfWhole } from '../whole-list.ts';
import { type RouteDeps, requireAdmin } from './deps.ts';

const SUMMARIES = {
  cordon: 'Take no new servers',
  uncordon: 'Take new servers again',
  drain: 'Take no new servers, and say what holds it',
  undrain: 'Stop draining',
  sync: 'Read its inventory again, and put away what should not be there',
  decommission: 'Give it back once it is empty',
} as const satisfies Partial<Record<PlainNodeCommand, string>>;

const refusals = ['not_found', 'invalid_transition', 'conflict', 'precondition_failed', 'forbidden'] as const;
const params = { id: Id };

/** The machines of the fleet. For operators. */
export const nodeRoutes = (deps: RouteDeps): Route[] => {
  const { conductor } = deps;

  const accepted = async (taken: Operation, waitSeconds: number | null) => {
    const operation = await deps.settled(taken, waitSeconds);
    return {
      body: { operation: operationView(operation) },
      headers: { location: `/api/operations/${operation.id}` },
    };
  };

  return [
    route({
      id: 'listNodes',
      tag: 'Nodes',
      method: 'get',
      path: '/api/nodes',
      summary: 'List nodes',
      description: 'By their names.',
      query: paging,
      status: 200,
      response: pageOf(NodeDetails),
      errors: ['forbidden'],
      async handle({ principal, query }) {
        requireAdmin(principal);
        return {
          body: pageView(
            pageOfWhole(await conductor.nodes(), ({ id }) => id, query),
            nodeDetailsView,
          ),
        };
      },
    }),
    route({
      id: 'addNode',
      tag: 'Nodes',
      method: 'post',
      path: '/api/nodes',
      summary: 'Add a machine',
      description:
        'Pins its host key, installs what is missing where that is allowed, starts the watchdog. The operation says each step, and ends when it is ready.',
      body: AddNode,
      command: true,
      status: 202,
      response: z.object({ node: Node, operation: OperationSchema }),
      errors: ['conflict', 'forbidden', 'node_exists'],
      async handle(call) {
        requireAdmin(call.principal);
        const { node, operation } = await conductor.addNode(call.body, call.caller());
        const settled = await deps.settled(operation, call.waitSeconds);
        const now = (call.waitSeconds !== null && (await conductor.reads.node(node.id))) || node;
        return {
          body: { node: nodeView(now), operation: operationView(settled) },
          headers: { location: `/api/nodes/${node.id}` },
        };
      },
    }),
    route({
      id: 'getNode',
      tag: 'Nodes',
      method: 'get',
      path: '/api/nodes/{id}',
      summary: 'Read a node',
      params,
      status: 200,
      response: NodeDetails,
      errors: ['not_found', 'forbidden'],
      async handle({ params: { id }, principal }) {
        requireAdmin(principal);
        return { body: nodeDetailsView(await conductor.node(id)) };
      },
    }),
    route({
      id: 'labelNode',
      tag: 'Nodes',
      method: 'patch',
      path: '/api/nodes/{id}',
      summary: 'Set its labels',
      params,
      body: LabelNode,
      command: true,
      status: 202,
      response: Accepted,
      errors: refusals,
      async handle(call) {
        requireAdmin(call.principal);
        const taken = await conductor.labelNode(call.params.id, call.body.labels, call.caller());
        return accepted(taken, call.waitSeconds);
      },
    }),
    route({
      id: 'removeNode',
      tag: 'Nodes',
      method: 'delete',
      path: '/api/nodes/{id}',
      summary: 'Forget a node that is dead or gone',
      description:
        'It is forgotten at once, and cleaned up if it ever answers again. One that answers is decommissioned.',
      params,
      command: true,
      status: 202,
      response: Accepted,
      errors: [...refusals, 'node_is_home'],
      async handle(call) {
        requireAdmin(call.principal);
        return accepted(await conductor.commandNode(call.params.id, 'remove', call.caller()), call.waitSeconds);
      },
    }),
    route({
      id: 'bootstrapNode',
      tag: 'Nodes',
      method: 'post',
      path: '/api/nodes/{id}/bootstrap',
      summary: 'Set it up again',
      params,
      body: BootstrapNode.optional(),
      bodyOptional: true,
      command: true,
      status: 202,
      response: Accepted,
      errors: [...refusals, 'node_is_home'],
      async handle(call) {
        requireAdmin(call.principal);
        const taken = await conductor.bootstrapNode(call.params.id, call.body ?? {}, call.caller());
        return accepted(taken, call.waitSeconds);
      },
    }),
    ...Object.entries(SUMMARIES).map(([command, summary]) =>
      route({
        id: `${command}Node`,
        tag: 'Nodes',
        method: 'post',
        path: `/api/nodes/{id}/${command}`,
        summary,
        params,
        command: true,
        status: 202,
        response: Accepted,
        errors: [...refusals, 'node_is_home'],
        async handle(call) {
          requireAdmin(call.principal);
          const taken = await conductor.commandNode(call.params.id, command as PlainNodeCommand, call.caller());
          return accepted(taken, call.waitSeconds);
        },
      }),
    ),
  ];
};
