import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { z } from 'zod';
import type { Principal } from '../actors/types.ts';
import type { Caller } from '../conductor/types.ts';
import { hasBody } from './body.ts';
import { errors, type Issue, invalidRequest } from './errors.ts';
import type { HttpSettings } from './limits.ts';
import type { Route } from './route.ts';
import { CommandHeaders } from './schemas/operation.ts';
import { decoder } from './wire.ts';

interface Envelope {
  readonly principal: Principal;
  readonly requestId: string;
}

/**
 * Compiles how a route's requests are validated. The result throws `invalid_request` with every fault of path, query, headers
 * and body at once. An id in the path that cannot be one is `not_found`: what cannot exist, does not.
 */
export function requestReader(route: Route, settings: HttpSettings, readBody: (ctx: Context) => Promise<unknown>) {
  const params = z.object(route.params);
  const query = z.strictObject(route.query);
  const { body } = route;
  const decodeParams = decoder(params);
  const decodeQuery = decoder(query);
  const decodeBody = body ? decoder(body) : () => undefined;

  return async (ctx: Context & { params: Record<string, string> }, { principal, requestId }: Envelope) => {
    const path = params.safeParse(ctx.params);
    if (!path.success) throw notThere(route, ctx.params);
    if (!body && hasBody(ctx.req)) throw invalidRequest([{ path: 'body', message: 'nothing is expected here' }]);
    const sent = body ? await readBody(ctx) : undefined;

    const issues: Issue[] = [];
    const check = <S extends z.ZodType>(where: string, schema: S, value: unknown): z.output<S> | undefined => {
      const result = schema.safeParse(value);
      if (!result.success) issues.push(...result.error.issues.flatMap((issue) => describe(where, issue)));
      return result.data;
    };
    const asked = check('query', query, ctx.query);
    const headers = route.command ? check('header', CommandHeaders, commandHeaders(ctx)) : undefined;
    const content = body ? check('body', body, sent) : undefined;
    if (!route.command && route.method !== 'get' && ctx.get('idempotency-key') !== '') {
      issues.push({ path: 'header.idempotency-key', message: 'cannot be kept here: a repeated request is done again' });
    }
    if (asked?.offset !== undefined && asked.cursor !== undefined) {
      issues.push({ path: 'query.offset', message: 'cannot be used together with cursor' });
    }
    if (issues.length > 0) throw invalidRequest(issues);

    const waitSeconds = route.command || route.waits ? preferredWait(ctx.get('prefer'), settings.waitSecondsMax) : null;
    if (waitSeconds !== null) ctx.set('preference-applied', `wait=${waitSeconds}`);
    return {
      params: decodeParams(path.data),
      query: decodeQuery(asked ?? {}),
      body: content === undefined ? undefined : decodeBody(content),
      principal,
      requestId,
      waitSeconds,
      caller: (ifBusy?: Caller['ifBusy']): Caller => ({
        principal,
        ...(ifBusy && { ifBusy }),
        ...versioned(headers?.['if-match']),
        ...(headers?.['idempotency-key'] && {
          idempotencyKey: headers['idempotency-key'],
          fingerprint: fingerprint(ctx.method, ctx.path, [asked, content]),
        }),
      }),
    };
  };
}

function notThere(route: Route, given: Readonly<Record<string, string>>): Error {
  const kind = /\/([a-z-]+?)s?\/\{/.exec(route.path)?.[1] ?? 'thing';
  return errors.not_found({ kind: kind.replaceAll('-', ' '), id: Object.values(given).join('/') });
}

const commandHeaders = (ctx: Context) =>
  Object.fromEntries(
    Object.keys(CommandHeaders.shape)
      .filter((name) => ctx.get(name) !== '')
      .map((name) => [name, ctx.get(name)]),
  );

/** Zod names the object of an unknown key; people look for the key itself. */
function describe(where: string, issue: z.core.$ZodIssue): Issue[] {
  const at = (path: readonly PropertyKey[]) =>
    [...(where === 'body' && path.length > 0 ? [] : [where]), ...path.map(String)].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: at([...issue.path, key]), message: 'is not known here' }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: at(issue.path), message }));
  }
  return [{ path: at(issue.path), message: issue.message }];
}

/** RFC 7240: preferences that are not understood are ignored; a longer wait than allowed is cut. */
function preferredWait(header: string, mostSeconds: number): number | null {
  const wait = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|,|;)/i.exec(header)?.[1];
  return wait === undefined ? null : Math.min(Number(wait), mostSeconds);
}

const versioned = (ifMatch: string | undefined): Pick<Caller, 'ifVersion'> =>
  ifMatch === undefined || ifMatch === '*' ? {} : { ifVersion: Number(ifMatch.slice(1, -1)) };

/** The same for the same request, however its JSON was written: SHA-256 over method, path and content with sorted keys. */
function fingerprint(method: string, path: string, content: unknown): string {
  return createHash('sha256')
    .update(`${method} ${path}\n${canonical(content)}`)
    .digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
