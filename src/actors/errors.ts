import { catalogue } from '../errors.ts';

/** What the runtime refuses, and why. */
export const errors = catalogue({
  invalid_transition: {
    status: 409,
    retry: 'permanent',
    message: 'This cannot be done while the {kind} is {state}.',
  },
  conflict: { status: 409, retry: 'permanent', message: '{reason}' },
  not_found: { status: 404, retry: 'permanent', message: 'There is no {kind} with the id {id}.' },
  precondition_failed: {
    status: 412,
    retry: 'permanent',
    message: 'It has changed since: the version is {actual}, not {expected}. Read it again.',
  },
  no_receiver: { status: 404, retry: 'permanent', message: 'The actor that this message was sent to does not exist.' },
  quarantined: {
    status: 423,
    retry: 'permanent',
    message: 'This {kind} failed too often and is quarantined until an operator resumes it: {reason}',
  },
  mailbox_full: {
    status: 503,
    retry: 'transient',
    message: 'Too many requests are waiting for this {kind}. Try again.',
  },
  stash_full: {
    status: 503,
    retry: 'transient',
    message: 'Already {depth} commands wait for the running operation to end. Try again later.',
  },
  ask_timeout: {
    status: 503,
    retry: 'transient',
    message: 'No answer within {timeout_ms} ms. Whether it was done is unknown: look before you repeat it.',
  },
  fenced: {
    status: 503,
    retry: 'fenced',
    message: 'Another process owns this {kind} now. Ask again.',
  },
  stopping: { status: 503, retry: 'transient', message: 'Baton is shutting down. Ask again when it is back.' },
  deadline_exceeded: { status: 504, retry: 'permanent', message: '{effect} did not end within {deadline_ms} ms.' },
  turn_too_large: { status: 500, retry: 'permanent', message: '{what} exceeds the limit of {limit}.' },
  operation_lost: {
    status: 500,
    retry: 'permanent',
    message: 'The statechart lost its operation {operation}. This is a defect of Baton.',
  },
  unknown_effect: { status: 500, retry: 'permanent', message: 'The kind {kind} has no effect {effect}.' },
  incompatible_snapshot: {
    status: 500,
    retry: 'permanent',
    message:
      'The stored state is of machine version {stored}; this Baton runs version {installed} and cannot convert it.',
  },
});
