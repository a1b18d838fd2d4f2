import { z } from 'zod';
import { invalidQuery } from '../errors.ts';

/**
 * Where a page ended: behind a row (its value in the sorted column, and its key), or after so many rows. The sort is part
 * of it, because a cursor means nothing in another order.
 */
const Cursor = z.union([
  z.strictObject({
    sort: z.string(),
    value: z.union([z.string(), z.number()]),
    key: z.union([z.string(), z.number()]),
  }),
  z.strictObject({ sort: z.string(), offset: z.int().nonnegative() }),
]);
export type Cursor = z.infer<typeof Cursor>;

export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** @throws `invalid_request` for anything that {@link encodeCursor} did not make */
export function decodeCursor(text: string): Cursor {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (cause) {
    throw invalidCursor({ cause });
  }
}

export function invalidCursor(options?: ErrorOptions) {
  return invalidQuery('cursor', 'This cursor is not one that a list gave.', options);
}
