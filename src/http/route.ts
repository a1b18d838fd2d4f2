/**
 * A route is described once: its validation, its types and its page in the OpenAPI document all come from here.
 */
import { z } from 'zod';
import type { Principal } from '../actors/types.ts';
import type { Caller } from '../conductor/types.ts';
import type { Decoded, Encodable } from './wire.ts';

export const TAGS = ['Servers', 'Nodes', 'Operations', 'Templates', 'Actors', 'Events', 'Service'] as const;

type Shape = Readonly<Record<string, z.ZodType>>;

/** A request after authentication and validation. */
export interface Call<P extends Shape, Q extends Shape, B extends z.ZodType> {
  readonly params: Decoded<z.ZodObject<P>>;
  readonly query: Decoded<z.ZodObject<Q>>;
  readonly body: Decoded<B>;
  readonly principal: Principal;
  /** For the conductor; `ifBusy` as the body or the query says. */
  caller(ifBusy?: Caller['ifBusy']): Caller;
  /** `Prefer: wait`; null without. */
  readonly waitSeconds: number | null;
  readonly requestId: string;
}

export interface Reply<R extends z.ZodType> {
  readonly body: Encodable<R>;
  /** Another status than the route's own; it must be listed in `otherStatuses`. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RouteSpec<P extends Shape, Q extends Shape, B extends z.ZodType, R extends z.ZodType> {
  /** `operationId` of the document. */
  readonly id: string;
  readonly tag: (typeof TAGS)[number];
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** With `{name}` for parameters, as OpenAPI writes it. */
  readonly path: `/${string}`;
  readonly summary: string;
  readonly description?: string;
  /** Absent: a bearer token. `none`: everyone. `page`: a browser's own login as well. */
  readonly auth?: 'none' | 'page';
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyOptional?: boolean;
  /** It is a command: takes `Prefer`, `Idempotency-Key` and `If-Match`. */
  readonly command?: boolean;
  /** It takes `Prefer: wait` without being a command. */
  readonly waits?: boolean;
  readonly status: number;
  readonly otherStatuses?: readonly number[];
  /** JSON by this schema; a string schema with `type` is sent as it is. */
  readonly response: R;
  readonly type?: string;
  /** Codes of the refusals that are particular to it. */
  readonly errors?: readonly string[];
  handle(call: Call<P, Q, B>): Promise<Reply<R>> | Reply<R>;
}

/** A route whose types were checked where it was written. */
export interface Route extends Omit<RouteSpec<Shape, Shape, z.ZodType, z.ZodType>, 'handle'> {
  readonly params: Shape;
  readonly query: Shape;
  handle(call: unknown): Promise<Reply<z.ZodType>> | Reply<z.ZodType>;
}

export function route<
  R extends z.ZodType,
  // biome-ignore lint/complexity/noBannedTypes: an object without fields is exactly what is meant.
  P extends Shape = {},
  // biome-ignore lint/complexity/noBannedTypes: see above.
  Q extends Shape = {},
  B extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<P, Q, B, R>): Route {
  const { handle, ...description } = spec;
  return {
    ...description,
    params: spec.params ?? {},
    query: spec.query ?? {},
    handle: (call) => handle(call as Call<P, Q, B>) as Promise<Reply<z.ZodType>>,
  };
}

/** The body of an answer that has none (204). */
export const Nothing = z.undefined();
