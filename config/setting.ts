/**
 * The kinds of settings. A setting is one environment variable with its default, its range in words and the reason for
 * both; what reads it and what prints it work from the same object, so that neither can say something else.
 */
import { z } from 'zod';

export interface Setting<T> {
  readonly env: string;
  /** From the variable's text to the value; its own error messages are not shown, `range` is. */
  readonly schema: z.ZodType<T, string>;
  /** As it would be written in the environment. Null: absent, and the value is null. */
  readonly fallback: string | null;
  /** What is allowed, as the end of a sentence: "it must be …". */
  readonly range: string;
  readonly reason: string;
  /** Never shown. */
  readonly secret: boolean;
}

/** A tree of settings, nested by the room that reads them. */
export interface SettingTree {
  readonly [name: string]: Setting<unknown> | SettingTree;
}

/** The values of a tree of settings. */
export type Values<T> =
  T extends Setting<infer V> ? V : { readonly [K in keyof T]: T[K] extends object ? Values<T[K]> : never };

const HOUR_MS = 3_600_000;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const isSetting = (node: Setting<unknown> | SettingTree): node is Setting<unknown> => 'schema' in node;

/** A whole number with its unit, such as `ms`, both limits included. */
export function whole(
  env: string,
  fallback: number,
  [min, max]: readonly [number, number],
  unit: string,
  reason: string,
): Setting<number> {
  const schema = z.string().regex(/^\d+$/).transform(Number).pipe(z.number().int().min(min).max(max));
  const range = `a whole number from ${min} to ${max}${unit && ` (${unit})`}`;
  return { env, schema, fallback: String(fallback), range, reason, secret: false };
}

/** Hours, fractions allowed, as milliseconds. */
export function hours(env: string, fallbackMs: number, maxHours: number, reason: string): Setting<number> {
  const schema = z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform((text) => Math.round(Number(text) * HOUR_MS))
    .pipe(z.number().max(maxHours * HOUR_MS));
  const range = `a number from 0 to ${maxHours} (hours)`;
  return { env, schema, fallback: String(fallbackMs / HOUR_MS), range, reason, secret: false };
}

/** Whole numbers with commas between them; at least one. */
export function wholes(
  env: string,
  fallback: readonly number[],
  [min, max]: readonly [number, number],
  unit: string,
  reason: string,
): Setting<readonly number[]> {
  const schema = z
    .string()
    .regex(/^\d+(,\d+)*$/)
    .transform((text) => text.split(',').map(Number))
    .pipe(z.array(z.number().int().min(min).max(max)));
  const range = `whole numbers from ${min} to ${max} (${unit}) with commas between them`;
  return { env, schema, fallback: fallback.join(','), range, reason, secret: false };
}

/** Text that the whole of `pattern` must match; `range` says the same in words. */
export function text(env: string, fallback: string, pattern: RegExp, range: string, reason: string): Setting<string> {
  return { env, schema: z.string().regex(pattern), fallback, range, reason, secret: false };
}

/** Text that may be absent, which is null. */
export function optionalText(
  env: string,
  pattern: RegExp,
  range: string,
  reason: string,
  { secret = false } = {},
): Setting<string | null> {
  return { env, schema: z.string().regex(pattern), fallback: null, range, reason, secret };
}

/** One of a few words. */
export function oneOf<const T extends readonly [string, ...string[]]>(
  env: string,
  words: T,
  fallback: T[number],
  reason: string,
): Setting<T[number]> {
  return { env, schema: z.enum(words), fallback, range: `one of ${words.join(', ')}`, reason, secret: false };
}

/** Ports `first-last`, both included. */
export function portRange(env: string, fallback: string, reason: string): Setting<PortRange> {
  const schema = z
    .string()
    .regex(/^\d+-\d+$/)
    .transform((range) => {
      const [first = 0, last = 0] = range.split('-').map(Number);
      return { first, last };
    })
    .refine(({ first, last }) => first >= 1024 && last <= 65_535 && first <= last);
  return { env, schema, fallback, range: 'two ports from 1024 to 65535 such as 25565-25864', reason, secret: false };
}
