/**
 * The errors that the statechart itself finds, as data: it throws nothing. What an effect found is stored as it came.
 * Each code stands in `docs/errors.md`.
 */
import type { RetryClass, StoredError } from '../../errors.ts';

/** An error of the statechart, before it has a time. */
export type Fault = StoredError;

const fault = (code: string, retry: RetryClass, message: string): Fault => ({ code, message, retry });

/** A deadline of the statechart passed; `what` says of which step. */
export const late = (what: string): Fault =>
  fault('deadline_exceeded', 'permanent', `${what} took longer than it may; it was given up.`);

export const noCapacity: Fault = fault(
  'no_capacity',
  'transient',
  'No room was found within the attempts and the time that a queued server has. Start it again, or give it less RAM.',
);

export const noData: Fault = fault(
  'no_data',
  'permanent',
  'The world that should be there is gone. Restore it, or start with `fresh: true` to make a new one.',
);

export const crashLoop: Fault = fault(
  'crash_loop',
  'permanent',
  'It crashed again and again in a short time and is not started any more. Its last log lines say why.',
);

/** The container may still run: its reservation stays until it is seen to have exited. */
export const stopFailed = (cause?: StoredError): Fault => ({
  ...fault('stop_failed', 'transient', `The container did not stop${cause ? `: ${cause.message}` : ' in time.'}`),
  ...(cause && { details: { cause: cause.code } }),
});
