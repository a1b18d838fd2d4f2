/**
 * The one place where names change: `snake_case` on the wire, `camelCase` inside.
 *
 * The change is guided by the Zod schema of the route, so it touches the names that the API documents and nothing else:
 * the variables of an `env` keep their spelling, and a field that no schema names never leaves the house.
 */
import type { z } from 'zod';

type CamelName<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : S;

/** A wire type with inside names. Dictionaries keep their keys. `Time` is what may stand for a string as well. */
export type Inside<T, Time = never> = unknown extends T
  ? T
  : T extends string
    ? T | (string extends T ? Time : never)
    : T extends readonly (infer E)[]
      ? readonly Inside<E, Time>[]
      : T extends object
        ? string extends keyof T
          ? T
          : { readonly [K in keyof T as K extends string ? CamelName<K> : never]: Inside<T[K], Time> }
        : T;

/** What a validated request looks like inside. */
export type Decoded<S extends z.ZodType> = Inside<z.output<S>>;

/** What a handler returns for a schema; a `Date` may stand where the wire has an RFC 3339 time. */
export type Encodable<S extends z.ZodType> = Inside<z.output<S>, Date>;

/** `created_at` → `createdAt`. */
export const camelName = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** `createdAt` → `created_at`; names in capitals, as environment variables have them, stay. */
export const snakeName = (name: string): string =>
  /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)+$/.test(name)
    ? name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : name;

/** Renames the keys of JSON that no schema describes, such as the data of an event. Dates become RFC 3339. */
export function snakeDeep(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(snakeDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeName(key), snakeDeep(inner)]));
}

type Translate = (value: unknown) => unknown;

/** Compiles the way out: takes {@link Encodable}, gives JSON. Throws a `TypeError` for a schema that it does not know. */
export function encoder<S extends z.ZodType>(schema: S): (value: Encodable<S>) => z.output<S> {
  return compile(schema, (wireName) => [camelName(wireName), wireName]) as (value: Encodable<S>) => z.output<S>;
}

/** Compiles the way in: takes what the schema validated, gives {@link Decoded}. */
export function decoder<S extends z.ZodType>(schema: S): (value: z.output<S>) => Decoded<S> {
  return compile(schema, (wireName) => [wireName, camelName(wireName)]) as (value: z.output<S>) => Decoded<S>;
}

function compile(schema: z.core.$ZodType, names: (wireName: string) => readonly [from: string, to: string]): Translate {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      // A loose object, such as a problem document, is in wire names already.
      if (def.catchall && def.catchall._zod.def.type !== 'never') return scalar;
      return object(Object.entries(def.shape).map(([name, inner]) => [...names(name), compile(inner, names)] as const));
    case 'array':
      return each(compile(def.element, names));
    case 'record':
      return values(compile(def.valueType, names));
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'readonly':
      return unless(compile(def.innerType, names));
    case 'pipe':
      return compile(def.out, names);
    case 'string':
    case 'number':
    case 'boolean':
    case 'enum':
    case 'literal':
    case 'unknown':
    case 'undefined':
    case 'template_literal':
    case 'transform':
      return scalar;
    default:
      throw new TypeError(`wire.ts does not know how to carry a "${def.type}".`);
  }
}

const scalar: Translate = (value) => (value instanceof Date ? value.toISOString() : value);

const unless =
  (inner: Translate): Translate =>
  (value) =>
    value === null || value === undefined ? value : inner(value);

const each =
  (inner: Translate): Translate =>
  (value) =>
    (value as readonly unknown[]).map(inner);

const values =
  (inner: Translate): Translate =>
  (value) =>
    Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, inner(one)]));

function object(fields: readonly (readonly [from: string, to: string, inner: Translate])[]): Translate {
  return (value) => {
    const source = value as Readonly<Record<string, unknown>>;
    const target: Record<string, unknown> = {};
    for (const [from, to, inner] of fields) {
      const field = source[from];
      if (field !== undefined) target[to] = inner(field);
    }
    return target;
  };
}
