import { z } from 'zod';
import { documentPage } from '../docs/page.ts';
import type { OpenApi } from '../openapi.ts';
import { type Route, route } from '../route.ts';
import { Id } from '../schemas/common.ts';
import type { RouteDeps } from './deps.ts';

const Readiness = z
  .object({
    ready: z.boolean(),
    reasons: z.array(z.string()).meta({ description: 'What is missing.' }),
    notes: z
      .array(z.string())
      .meta({ description: 'What is worth knowing, such as that the node is a simulated one.' }),
    node: z
      .object({
        id: Id,
        name: z.string(),
        engine: z.enum(['docker', 'simulated']),
        ram_mb: z.int(),
        cpus: z.number(),
      })
      .nullable(),
  })
  .meta({ id: 'Readiness' });

/** What is asked of the service itself. `document` and `metrics` are called with each request. */
export const serviceRoutes = (
  { conductor }: RouteDeps,
  document: () => OpenApi,
  metrics: () => Promise<string>,
): Route[] => [
  route({
    id: 'getHealth',
    tag: 'Service',
    method: 'get',
    path: '/healthz',
    summary: 'Whether the process is alive',
    auth: 'none',
    status: 200,
    response: z.object({ status: z.literal('ok') }),
    handle: () => ({ body: { status: 'ok' as const } }),
  }),
  route({
    id: 'getReadiness',
    tag: 'Service',
    method: 'get',
    path: '/readyz',
    summary: 'Whether everything is recovered and it can serve',
    auth: 'none',
    status: 200,
    otherStatuses: [503],
    response: Readiness,
    async handle() {
      const readiness = await conductor.readiness();
      return { status: readiness.ready ? 200 : 503, body: readiness };
    },
  }),
  route({
    id: 'getMetrics',
    tag: 'Service',
    method: 'get',
    path: '/metrics',
    summary: 'Figures for Prometheus',
    auth: 'page',
    status: 200,
    response: z.string(),
    type: 'text/plain; version=0.0.4; charset=utf-8',
    handle: async () => ({ body: await metrics() }),
  }),
  route({
    id: 'getOpenApi',
    tag: 'Service',
    method: 'get',
    path: '/api/openapi.json',
    summary: 'This document',
    auth: 'page',
    status: 200,
    response: z.record(z.string(), z.unknown()),
    handle: () => ({ body: { ...document() } }),
  }),
  route({
    id: 'getDocs',
    tag: 'Service',
    method: 'get',
    path: '/docs',
    summary: 'This document as a page',
    auth: 'page',
    status: 200,
    response: z.string(),
    type: 'text/html; charset=utf-8',
    handle() {
      const { html, policy } = documentPage(document());
      return { body: html, headers: { 'content-security-policy': policy } };
    },
  }),
];
