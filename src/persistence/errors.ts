import { BatonError, catalogue } from '../errors.ts';

/** What the stored things refuse, and why. */
export const errors = catalogue({
  unavailable: {
    status: 503,
    retry: 'transient',
    message: 'The database does not answer ({reason}). Nothing was acknowledged that is not stored; try again.',
  },
  invalid_request: { status: 400, retry: 'permanent', message: '{reason}' },
  no_ports: {
    status: 422,
    retry: 'permanent',
    message:
      'No free port is left between {from} and {to} for {name}. Widen the range or purge servers that are not needed.',
  },
  ports_contended: {
    status: 503,
    retry: 'transient',
    message: 'The ports that are left are being taken by others. Try again.',
  },
  server_gone: {
    status: 410,
    retry: 'permanent',
    message: 'There is no server {server} any more that could hold ports.',
  },
  database_unsupported: {
    status: 500,
    retry: 'permanent',
    message:
      'Baton needs PostgreSQL {needed} or newer; this database is {found}. Upgrade it, or leave DATABASE_URL unset.',
  },
  database_in_use: {
    status: 500,
    retry: 'transient',
    message:
      'Another Baton uses this database and has promised itself to it for {seconds} s more. Stop that one, or give this one its own database.',
  },
  database_newer: {
    status: 500,
    retry: 'permanent',
    message:
      'This database was made by a newer Baton (it has the migration {migration}). Start that version, or a newer one.',
  },
});

/** A fault in what a list was asked for, in the shape of the door's own: `query.<parameter>` and a sentence. */
export function invalidQuery(parameter: string, message: string, options?: ErrorOptions): BatonError {
  return errors.invalid_request({ reason: message, issues: [{ path: `query.${parameter}`, message }] }, options);
}

/** SQLSTATEs and classes of them (two characters) that mean that the connection or the whole database is gone. */
const CONNECTION_STATES = new Set(['08', '57P01', '57P02', '57P03', '57P05', '53300']);

/** SQLSTATEs with which a living database says that it cannot just now: no room, no time, or a standby. */
const OVERLOAD_STATES = new Set(['53', '57014', '55P03', '25006', '58']);

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** The driver has no codes for these; they are its own sentences (pg 8, pg-pool 3). */
const DRIVER_SENTENCES =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Query read timeout)/;

/**
 * Whether this is the loss of a connection, the absence of the database, or a pool with no connection left: the outcome
 * of a write is then unknown, and the same may work in a moment.
 */
export function isConnectionError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = codeOf(thrown);
  if (code !== undefined && (SOCKET_CODES.has(code) || isOneOf(code, CONNECTION_STATES))) return true;
  if (DRIVER_SENTENCES.test(thrown.message)) return true;
  if (thrown instanceof AggregateError) return thrown.errors.some(isConnectionError);
  return thrown.cause !== undefined && isConnectionError(thrown.cause);
}

/** Turns what a driver throws into what Baton throws; anything that is not the database's state stays as it is. */
export function translated(thrown: unknown): unknown {
  if (thrown instanceof BatonError) return thrown;
  const code = thrown instanceof Error ? codeOf(thrown) : undefined;
  const overloaded = code !== undefined && isOneOf(code, OVERLOAD_STATES);
  if (!overloaded && !isConnectionError(thrown)) return thrown;
  return errors.unavailable({ reason: reasonOf(thrown) }, { cause: thrown });
}

/** Runs something on the database; whatever it throws is {@link translated}. */
export async function translating<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw translated(thrown);
  }
}

/** Whether a row could not be written because another one has its key. */
export const isUniqueViolation = (thrown: unknown): boolean => thrown instanceof Error && codeOf(thrown) === '23505';

/** Whether a row could not be written because what it belongs to by this constraint is not there. */
export const isOrphan = (thrown: unknown, constraint: string): boolean =>
  thrown instanceof Error && codeOf(thrown) === '23503' && 'constraint' in thrown && thrown.constraint === constraint;

function isOneOf(code: string, states: ReadonlySet<string>): boolean {
  return states.has(code) || (code.length === 5 && states.has(code.slice(0, 2)));
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return reasonOf(thrown.errors[0]);
  return thrown instanceof Error ? thrown.message : String(thrown);
}
