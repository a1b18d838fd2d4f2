import { z } from 'zod';
import { httpLimits } from '../limits.ts';
import { mustBeKept } from '../live/subscriber.ts';
import { type Route, route } from '../route.ts';
import { LiveEvent } from '../schemas/actor.ts';
import { Count, pageOf } from '../schemas/common.ts';
import { Template } from '../schemas/template.ts';
import { eventView, templateView } from '../views.ts';
import type { RouteDeps } from './deps.ts';

/** The event log, and the templates. */
export const catalogueRoutes = ({ conductor, secretNames }: RouteDeps): Route[] => [
  route({
    id: 'listEvents',
    tag: 'Events',
    method: 'get',
    path: '/api/events',
    summary: 'Events after a sequence number, oldest first',
    description: 'Take `next_cursor` as the next `since`; it is null when there are no more for now.',
    query: {
      since: Count(0, Number.MAX_SAFE_INTEGER).default(0).meta({ description: 'The last `seq` that was seen.' }),
      limit: Count(1, httpLimits.pageMax).default(httpLimits.pageDefault),
    },
    status: 200,
    response: z.object({
      items: z.array(LiveEvent),
      last_seq: z.int().meta({ description: 'The newest event there is.' }),
      next_cursor: z.string().nullable(),
    }),
    errors: ['events_gone'],
    async handle({ query: { since, limit }, principal }) {
      const { reads } = conductor;
      await mustBeKept(reads, since);
      const lastSeq = await reads.lastEventSeq();
      const rows = await reads.events(since, limit, principal.admin ? undefined : principal.accountId);
      const nextCursor = rows.length === limit ? String(rows.at(-1)?.seq) : null;
      return { body: { items: rows.map((row) => eventView(row, secretNames)), lastSeq, nextCursor } };
    },
  }),
  route({
    id: 'listTemplates',
    tag: 'Templates',
    method: 'get',
    path: '/api/templates',
    summary: 'The kinds of game servers that can be made',
    status: 200,
    response: pageOf(Template),
    handle() {
      const items = conductor.templates().map(templateView);
      return { body: { items, total: items.length, nextCursor: null } };
    },
  }),
];
