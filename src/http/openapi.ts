import { z } from 'zod';
import {
  createDocument,
  type oas31,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
} from 'zod-openapi';
import type { Route } from './route.ts';
import { TAGS } from './route.ts';
import { Problem } from './schemas/common.ts';
import { CommandHeaders } from './schemas/operation.ts';

export type OpenApi = oas31.OpenAPIObject;

const TAG_TEXTS: Record<(typeof TAGS)[number], string> = {
  Servers: 'Game servers, from creating to purging.',
  Nodes: 'The machines that servers run on, for operators.',
  Operations: 'Commands that were taken. Each ends by itself: succeeded, failed or cancelled.',
  Templates: 'The kinds of game servers.',
  Actors: 'The statecharts and the actors that live by them, for operators.',
  Events: 'What happened, in order. The live channel (Socket.IO at `/live`) gives the same envelopes.',
  Service: 'The service itself.',
};

const INTRODUCTION = `Baton runs game servers. Send \`Authorization: Bearer <token>\` with every request; the admin token is in the file
\`admin-token\` of the data directory. Commands answer 202 with an operation; send \`Prefer: wait=30\` to wait for its end and an
\`Idempotency-Key\` to make a retry safe. Errors are problem documents (RFC 9457) with a stable \`code\`.
An id that is not a UUID is \`not_found\`.`;

/** The OpenAPI 3.1 document of the routes. */
export function openApi(routes: readonly Route[], version: string): OpenApi {
  const paths: ZodOpenApiPathsObject = {};
  for (const one of routes) paths[one.path] = { ...paths[one.path], [one.method]: operation(one) };
  const document: ZodOpenApiObject = {
    openapi: '3.1.0',
    info: {
      title: 'Baton',
      version,
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: TAGS.map((name) => ({ name, description: TAG_TEXTS[name] })),
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        browser: { type: 'http', scheme: 'basic', description: 'For pages that only read: the token as password.' },
      },
    },
    paths,
  };
  // The library types its schemas by Zod's JSON Schema, which is the same thing under another name.
  return createDocument(document, { override: plainFormats }) as OpenApi;
}

/** A format says it all; the regular expression behind it only fills the page. */
function plainFormats({ jsonSchema }: { jsonSchema: { format?: unknown; pattern?: unknown } }): void {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
}

const DESCRIPTIONS: Record<number, string> = {
  200: 'Done.',
  202: 'Taken; the operation goes on by itself.',
  204: 'Done.',
  503: 'Not now.',
};

function operation(route: Route): ZodOpenApiOperationObject {
  const responses: ZodOpenApiOperationObject['responses'] = {};
  for (const status of [route.status, ...(route.otherStatuses ?? [])]) {
    responses[`${status as 200}`] = {
      description: DESCRIPTIONS[status] ?? 'Done.',
      ...content(route),
      ...headers(route),
    };
  }
  responses.default = {
    description: `A problem document. Codes: ${codes(route).join(', ')}.`,
    content: { 'application/problem+json': { schema: Problem } },
  };
  return {
    operationId: route.id,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description && { description: route.description }),
    ...(route.auth === 'none' && { security: [] }),
    ...(route.auth === 'page' && { security: [{ token: [] }, { browser: [] }] }),
    requestParams: {
      ...(Object.keys(route.params).length > 0 && { path: z.object(route.params) }),
      ...(Object.keys(route.query).length > 0 && { query: z.object(route.query) }),
      ...(route.command && { header: CommandHeaders }),
      ...(route.waits && { header: CommandHeaders.pick({ prefer: true }) }),
    },
    ...(route.body && {
      requestBody: {
        required: !route.bodyOptional,
        content: { 'application/json': { schema: route.bodyOptional ? unwrapped(route.body) : route.body } },
      },
    }),
    responses,
  };
}

const content = ({ status, type, response }: Route) =>
  status === 204 ? {} : { content: { [type?.split(';')[0] ?? 'application/json']: { schema: response } } };

const headers = ({ status }: Route) =>
  status === 202
    ? {
        headers: z.object({
          location: z.string().optional().meta({ description: 'Where what was made or begun is found.' }),
        }),
      }
    : {};

const unwrapped = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;

/** Every refusal that a caller of this route must be ready for. */
function codes({ auth, body, command, errors }: Route): string[] {
  return [
    'invalid_request',
    ...(auth === 'none' ? [] : ['unauthenticated']),
    ...(errors ?? []),
    ...(body ? ['too_large', 'unsupported_media_type'] : []),
    ...(command ? ['mailbox_full'] : []),
    'unavailable',
    'internal',
  ];
}
