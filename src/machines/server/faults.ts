/** What the server's statechart finds wrong, in the form in which it is stored and sent. */
import { type StoredError, storedError } from '../../errors.ts';
import { errors } from '../errors.ts';

/** A deadline of the statechart passed; `what` says of which step. */
export const late = (what: string): StoredError => storedError(errors.deadline_exceeded({ what }));

export const noCapacity: StoredError = storedError(errors.no_capacity());

export const noData: StoredError = storedError(errors.no_data());

export const crashLoop: StoredError = storedError(errors.crash_loop());

export const nodeLost: StoredError = storedError(errors.node_lost());

export const noOtherNode = (reason: string): StoredError => storedError(errors.no_other_node({ reason }));

/** The database is older than what is there, as after a backup of it was restored. */
export const epochAhead = (shown: number, epoch: number): StoredError =>
  storedError(errors.epoch_ahead({ shown, epoch }));

/** The container may still run: its reservation stays until it is seen to have exited. */
export const stopFailed = (cause?: StoredError): StoredError =>
  storedError(
    errors.stop_failed({
      reason: cause?.message ?? 'its time is up.',
      ...(cause && { cause: cause.code }),
    }),
  );
