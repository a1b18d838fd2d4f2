/** The Koa app: who asks, what the request means, which route answers, and what went wrong. */
import Router from '@koa/router';
import Koa, { type Context, type Next } from 'koa';
import type { Logger } from 'pino';
import { type Authenticate, challenge, principalOf } from './auth.ts';
import { bodyReader } from './body.ts';
import { errors } from './errors.ts';
import type { HttpSettings } from './limits.ts';
import type { Metrics } from './metrics.ts';
import { asBatonError, problemOf } from './problem.ts';
import { requestReader } from './request.ts';
import type { Route } from './route.ts';
import { encoder } from './wire.ts';

export interface AppDeps {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly settings: HttpSettings;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A new id for a request that brings none. */
  id(): string;
  /** True from the moment the door is told to close: answers then ask for a new connection. */
  closing(): boolean;
}

interface State {
  requestId: string;
  route?: string;
}

/** Nothing here is for frames, caches or other sites; the page at `/docs` sets its own policy. */
const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

export function createApp(deps: AppDeps): Koa {
  const app = new Koa();
  const router = new Router();
  const readBody = bodyReader(deps.settings.bodyBytesMax);
  for (const one of deps.routes) mount(router, one, deps, readBody);
  const pages = new Map(deps.routes.map(({ method, path, auth }) => [`${method} ${path}`, auth]));

  app.use((ctx, next) => identify(ctx, next, deps));
  app.use((ctx, next) => answerErrors(ctx, next, deps.log));
  app.use((ctx, next) => authenticated(ctx, next, pages, deps.authenticate));
  app.use(router.routes());
  app.use((ctx) => refuseUnknown(ctx, router));
  // What reaches Koa itself is a broken socket; the answers to everything else were made above.
  app.on('error', (error: unknown) => deps.log.debug({ err: error }, 'a connection broke'));
  return app;
}

/** Names the request, and writes the access log and the metrics when it is over. */
async function identify(ctx: Context, next: Next, deps: AppDeps): Promise<void> {
  const began = performance.now();
  const given = ctx.get('x-request-id');
  const state = ctx.state as State;
  state.requestId = /^[\w.:-]{1,64}$/.test(given) ? given : deps.id();
  ctx.set(SECURITY_HEADERS);
  ctx.set('x-request-id', state.requestId);
  ctx.res.once('close', () => {
    const seconds = (performance.now() - began) / 1000;
    const route = state.route ?? 'none';
    deps.metrics.observe(ctx.method, route, ctx.status, seconds);
    const line = {
      request_id: state.requestId,
      method: ctx.method,
      path: ctx.path,
      status: ctx.status,
      ms: seconds * 1000,
    };
    // Reads are many and change nothing.
    deps.log[ctx.method === 'GET' || ctx.method === 'HEAD' ? 'debug' : 'info'](line, 'request');
  });
  await next();
  if (deps.closing()) ctx.set('connection', 'close');
}

async function answerErrors(ctx: Context, next: Next, log: Logger): Promise<void> {
  const { requestId } = ctx.state as State;
  try {
    await next();
  } catch (thrown) {
    const error = asBatonError(thrown, requestId);
    const problem = problemOf(error, requestId);
    if (error.status >= 500) log.error({ err: error.cause ?? error, request_id: requestId }, 'a request failed');
    ctx.status = error.status;
    if (typeof problem.retry_after === 'number') ctx.set('retry-after', String(problem.retry_after));
    ctx.body = JSON.stringify(problem);
    ctx.type = 'application/problem+json';
  }
}

async function authenticated(
  ctx: Context,
  next: Next,
  auths: ReadonlyMap<string, Route['auth']>,
  authenticate: Authenticate,
): Promise<void> {
  const auth = auths.get(`${ctx.method === 'HEAD' ? 'get' : ctx.method.toLowerCase()} ${ctx.path}`);
  if (auth !== 'none') {
    const page = auth === 'page';
    try {
      ctx.state.principal = principalOf(ctx.get('authorization'), page, authenticate);
    } catch (thrown) {
      ctx.set('www-authenticate', challenge(page));
      throw thrown;
    }
  }
  await next();
}

function mount(router: Router, route: Route, deps: AppDeps, readBody: ReturnType<typeof bodyReader>): void {
  const read = requestReader(route, deps.settings, readBody);
  const encode = encoder(route.response);
  router.register(route.path.replaceAll(/\{(\w+)\}/g, ':$1'), [route.method], async (ctx) => {
    const { requestId, principal } = ctx.state;
    ctx.state.route = route.path;
    const call = await read(ctx, { requestId, principal });
    const reply = await route.handle(call);
    ctx.status = reply.status ?? route.status;
    if (reply.headers) ctx.set(reply.headers);
    if (route.status === 204) return;
    // Text goes as it is; JSON is written here so that Koa does not guess.
    const body = encode(reply.body);
    ctx.body = route.type ? body : JSON.stringify(body);
    ctx.type = route.type ?? 'application/json; charset=utf-8';
    if (hasIt(ctx)) ctx.status = 304;
  });
}

/** RFC 9110, 13.1.2. Koa's own check takes `Cache-Control: no-cache`, which clients send along, for "send it again". */
function hasIt(ctx: Context): boolean {
  const etag = ctx.response.get('etag');
  const known = ctx
    .get('if-none-match')
    .split(',')
    .map((one) => one.trim().replace(/^W\//, ''));
  return (ctx.method === 'GET' || ctx.method === 'HEAD') && etag !== '' && known.includes(etag);
}

/** No route took it: 404, or 405 when another method would have been taken. */
function refuseUnknown(ctx: Context, router: Router): void {
  const allowed = [...new Set(router.match(ctx.path, ctx.method).path.flatMap(({ methods }) => methods))];
  if (allowed.length === 0) throw errors.not_found({ kind: 'page', id: ctx.path });
  ctx.set('allow', allowed.join(', '));
  throw errors.method_not_allowed({ method: ctx.method, allowed: allowed.join(', ') });
}
