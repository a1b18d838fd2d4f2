/**
 * What an error of Baton is. Each room keeps its own catalogue (`errors.ts` in its folder), made with
 * {@link catalogue}; a test proves that every code stands in `docs/errors.md`. A retired code is never
 * used again.
 */

/**
 * Whether doing the same thing again can help.
 * - `transient`: it may; effects are retried with backoff.
 * - `permanent`: it will not; a person or another command must change something first.
 * - `fenced`: somebody else owns the thing now; never retry, drop what is held.
 */
export type RetryClass = 'transient' | 'permanent' | 'fenced';

/** One line of a catalogue. `message` may hold `{placeholders}` that are filled from the details. */
export interface ErrorSpec {
  /** HTTP status when this error ends a request. */
  readonly status: number;
  readonly retry: RetryClass;
  readonly message: string;
}

/** What may be attached to an error: JSON only, since it is stored and sent. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The form in which an error is stored in rows and sent as an event to a machine. */
export interface StoredError {
  readonly code: string;
  readonly message: string;
  readonly retry: RetryClass;
  readonly details?: ErrorDetails;
}

/** The only error class that Baton throws on purpose. Anything else that is thrown is a defect. */
export class BatonError extends Error {
  override readonly name = 'BatonError';
  readonly code: string;
  readonly status: number;
  readonly retry: RetryClass;
  readonly details: ErrorDetails;

  constructor(code: string, spec: ErrorSpec, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(fill(spec.message, details), options);
    this.code = code;
    this.status = spec.status;
    this.retry = spec.retry;
    this.details = details;
  }
}

/** Turns a table of specs into constructors: `errors.not_found({ kind: 'server', id })`. */
export function catalogue<const T extends Record<string, ErrorSpec>>(specs: T) {
  const make = (code: string, spec: ErrorSpec) =>
    Object.assign((details?: ErrorDetails, options?: ErrorOptions) => new BatonError(code, spec, details, options), {
      code,
      spec,
    });
  return Object.fromEntries(Object.entries(specs).map(([code, spec]) => [code, make(code, spec)])) as {
    readonly [K in keyof T]: ReturnType<typeof make>;
  };
}

/**
 * Makes any thrown value storable. What is not a {@link BatonError} is a defect or a library's error; it keeps its
 * message under the code `internal` and counts as transient, because most such errors come from a network.
 */
export function storedError(thrown: unknown): StoredError {
  if (thrown instanceof BatonError) {
    const { code, message, retry, details } = thrown;
    return Object.keys(details).length > 0 ? { code, message, retry, details } : { code, message, retry };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: 'internal', message, retry: 'transient' };
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => (key in details ? String(details[key]) : whole));
}
