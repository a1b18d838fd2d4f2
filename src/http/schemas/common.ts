import { z } from 'zod';
import { httpLimits } from '../limits.ts';

export const Id = z.uuid().meta({ description: 'A UUIDv7.', example: '0199a4b2-7c1e-7d52-9f0a-3b6c1d2e4f50' });

/** RFC 3339, UTC. Handlers give a `Date`. */
export const Time = z.iso.datetime().meta({ example: '2026-01-31T12:00:00.000Z' });

/**
 * Text of a person. Control characters would break a line of a table or of the log, and the database takes neither zero bytes nor
 * halves of surrogate pairs.
 */
export const Text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not contain control characters');

/** Who or what something is about. */
export const Subject = z
  .object({ kind: z.string().meta({ example: 'server' }), id: z.string() })
  .meta({ id: 'Subject', description: 'An actor, by its kind and id.' });

export const StoredError = z
  .object({
    code: z.string().meta({ example: 'image_not_found' }),
    message: z.string(),
    retry: z.enum(['transient', 'permanent', 'fenced']).meta({ description: 'Whether doing it again can help.' }),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'StoredError', description: 'Why something failed.' });

/** RFC 9457. Codes may add members of their own, such as `issues` or `allowed`. */
export const Problem = z
  .looseObject({
    type: z.string().meta({ example: 'urn:baton:error:invalid_transition' }),
    title: z.string().meta({ example: 'Invalid transition' }),
    status: z.int(),
    code: z.string().meta({ description: 'Stable; see docs/errors.md.', example: 'invalid_transition' }),
    detail: z.string(),
    request_id: z.string().meta({ description: 'Under which the log names this request.' }),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With `invalid_request`: every fault and where it is.' }),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457).' });

export const Flag = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')
  .meta({ example: 'true' });

/** A whole number in a query string. */
export const Count = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** `a,b` in a query string. */
export const oneOrMore = <const T extends readonly [string, ...string[]]>(values: T) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(z.enum(values)))
    .meta({ description: `One or more of ${values.join(', ')}, separated by commas.`, example: values[0] });

/** The query parameters of every list, beside its own filters. */
export const paging = {
  limit: Count(1, httpLimits.pageMax).default(httpLimits.pageDefault).meta({ description: 'Items of one page.' }),
  offset: Count(0, 1_000_000_000).optional().meta({ description: 'Items to skip. Not together with `cursor`.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next_cursor` of the page before.' }),
};

/** `sort` of a list. */
export const sortBy = (...columns: readonly string[]) => ({
  sort: z
    .enum(columns.flatMap((column) => [column, `-${column}`]))
    .optional()
    .meta({ description: 'What to sort by; with `-` before it, the greatest first.' }),
});

/** `{ items, total, next_cursor }` */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    total: z.int().min(0).meta({ description: 'How many there are on all pages.' }),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last.' }),
  });
