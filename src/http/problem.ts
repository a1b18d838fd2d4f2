import { BatonError } from '../errors.ts';
import { errors, type Issue } from './errors.ts';
import { snakeName } from './wire.ts';

/** A problem document (RFC 9457), ready to be sent. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly request_id: string;
  readonly issues?: Issue[];
  readonly [member: string]: unknown;
}

/** How long a client should wait before it repeats what failed for a moment, where the error does not say. */
const RETRY_AFTER_SECONDS = 1;

/**
 * Makes a problem document of anything thrown. The details of a {@link BatonError} become members of it; everything else
 * is a defect, of which the caller learns the request id only.
 */
export function problemOf(thrown: unknown, requestId: string): ProblemDocument {
  const error = asBatonError(thrown, requestId);
  // The summary of the issues is the `detail` already.
  const { summary: _, ...details } = error.details;
  const members = Object.entries(details).map(([key, value]) => [snakeName(key), value] as const);
  return {
    ...Object.fromEntries(members),
    ...(isTemporary(error) && { retry_after: retryAfter(error) }),
    type: `urn:baton:error:${error.code}`,
    title: titleOf(error.code),
    status: error.status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
  };
}

export function asBatonError(thrown: unknown, requestId: string): BatonError {
  if (thrown instanceof BatonError) return thrown;
  return errors.internal({ request_id: requestId }, { cause: thrown });
}

const isTemporary = ({ status }: BatonError): boolean => status === 503 || status === 429;

function retryAfter({ details }: BatonError): number {
  const given = details.retry_after ?? details.retryAfter;
  return typeof given === 'number' ? Math.max(1, Math.ceil(given)) : RETRY_AFTER_SECONDS;
}

/** `invalid_transition` → `Invalid transition`. */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
