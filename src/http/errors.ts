import { catalogue } from '../errors.ts';

/** What the door itself refuses. Everything else comes from the rooms behind it, with their own codes. */
export const errors = catalogue({
  invalid_request: { status: 400, retry: 'permanent', message: 'The request is not valid: {summary}' },
  unauthenticated: { status: 401, retry: 'permanent', message: '{reason}' },
  forbidden: { status: 403, retry: 'permanent', message: 'This account may not do that.' },
  not_found: { status: 404, retry: 'permanent', message: 'There is no {kind} {id}.' },
  method_not_allowed: { status: 405, retry: 'permanent', message: '{method} is not possible here; {allowed} is.' },
  events_gone: {
    status: 410,
    retry: 'permanent',
    message:
      'What happened right after {since} is no longer kept: the oldest event that is has the number {oldest}. Read anew how things are, and go on from there.',
  },
  too_large: { status: 413, retry: 'permanent', message: 'The body is larger than {limit_bytes} bytes.' },
  unsupported_media_type: {
    status: 415,
    retry: 'permanent',
    message: 'The body must be application/json, not {content_type}.',
  },
  too_many_rooms: { status: 429, retry: 'permanent', message: 'A connection may be in at most {limit} rooms.' },
  address_unavailable: {
    status: 500,
    retry: 'permanent',
    message: 'Baton cannot listen on {host}, port {port}: {reason}. Set BATON_HTTP_HOST or BATON_HTTP_PORT.',
  },
  internal: {
    status: 500,
    retry: 'transient',
    message: 'Something went wrong inside Baton. Its log says more under the request id {request_id}.',
  },
});

/**
 * One fault of a request: what is wrong, and where. A field of the body by its own path (`env.EULA`), others with their place
 * (`query.limit`, `header.idempotency-key`); `body` is the body as a whole.
 */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** `invalid_request` that lists every fault. */
export function invalidRequest(issues: readonly Issue[]) {
  const summary = issues.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return errors.invalid_request({ summary, issues });
}
