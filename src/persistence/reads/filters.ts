import { invalidQuery } from '../errors.ts';
import { isUuid } from '../uuid.ts';

/** @throws `invalid_request` naming the parameter, where PostgreSQL would throw at the word */
export function uuidFilter(parameter: string, value: string): string {
  if (!isUuid(value)) throw invalidQuery(parameter, `${parameter} must be a UUID.`);
  return value;
}

/** Matches a part of a text in any case; the user's `%` and `_` mean themselves. */
export function containing(part: string): { $ilike: string } {
  return { $ilike: `%${part.replace(/[\\%_]/g, '\\$&').replaceAll('\0', '')}%` };
}
