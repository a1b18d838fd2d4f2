import { z } from 'zod';
import type { QueuedServer as Waiting } from '../../conductor/interfaces/fleet.ts';
import { type Route, route } from '../route.ts';
import { pageOf, paging } from '../schemas/common.ts';
import { Fleet, Placement, QueuedServer } from '../schemas/fleet.ts';
import { pageView } from '../views.ts';
import { pageOfWhole } from '../whole-list.ts';
import { mayTouch, type RouteDeps, requireAdmin } from './deps.ts';

/** `name=value` pairs, separated by commas. */
const Labels = z
  .string()
  .max(1_000)
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(z.string().regex(/^[^=\s]{1,63}=\S{0,63}$/, 'is not name=value')));

const amount = (max: number) => z.coerce.number().min(0).max(max);

/** What the machines have, who waits for some of it, and why a server would go where it would. */
export const fleetRoutes = ({ conductor: { fleet } }: RouteDeps): Route[] => [
  route({
    id: 'getFleet',
    tag: 'Fleet',
    method: 'get',
    path: '/api/fleet',
    summary: 'Capacity of the fleet and of each node',
    status: 200,
    response: Fleet,
    async handle({ principal }) {
      requireAdmin(principal);
      return { body: await fleet.fleet() };
    },
  }),
  route({
    id: 'getQueue',
    tag: 'Fleet',
    method: 'get',
    path: '/api/queue',
    summary: 'Servers that wait for room, in the order in which they are served',
    description: 'An owner sees his own servers, with their places among all.',
    query: paging,
    status: 200,
    response: pageOf(QueuedServer),
    async handle({ principal, query }) {
      const { entries } = await fleet.queue();
      const own = entries.filter(({ ownerId }) => mayTouch(principal, ownerId));
      return {
        body: pageView(
          pageOfWhole(own, ({ serverId }) => serverId, query),
          queuedView,
        ),
      };
    },
  }),
  route({
    id: 'explainPlacement',
    tag: 'Fleet',
    method: 'get',
    path: '/api/placements/explain',
    summary: 'Where a new server would go, and why not elsewhere',
    query: {
      ram_mb: amount(16_777_216).meta({ description: 'RAM that it asks for.', example: '4096' }),
      cpu: amount(4_096).optional().meta({ description: 'Cores.' }),
      disk_mb: amount(1_000_000_000).optional(),
      labels: Labels.optional().meta({
        description: 'All of which the node must have.',
        example: 'region=fsn,disk=nvme',
      }),
      ...paging,
    },
    status: 200,
    response: pageOf(Placement),
    errors: ['planner_unavailable', 'planner_overloaded'],
    async handle({ query, principal }) {
      requireAdmin(principal);
      const { ramMb, cpu, diskMb, labels } = query;
      const items = await fleet.explain({
        ramMb: Math.ceil(ramMb),
        ...(cpu !== undefined && { cpu }),
        ...(diskMb !== undefined && { diskMb: Math.ceil(diskMb) }),
        ...(labels !== undefined && { labels }),
      });
      return { body: pageOfWhole(items, ({ nodeId }) => nodeId, query) };
    },
  }),
];

const queuedView = ({ demand, only, queuedAt, eta, givesUpAt, nextAttemptAt, ...entry }: Waiting) => ({
  ...entry,
  ramMb: demand.ramMb,
  cpu: demand.cpuMilli / 1000,
  diskMb: demand.diskMb,
  onlyNodeId: only,
  queuedAt: new Date(queuedAt),
  eta: eta === null ? null : new Date(eta),
  givesUpAt: new Date(givesUpAt),
  nextAttemptAt: nextAttemptAt === null ? null : new Date(nextAttemptAt),
});
