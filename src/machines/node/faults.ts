/** What the node's statechart finds wrong, in the form in which it is stored and sent. */
import { type StoredError, storedError } from '../../errors.ts';
import { errors } from '../errors.ts';

/** A deadline of the statechart passed; `what` says of which step. */
export const late = (what: string): StoredError => storedError(errors.deadline_exceeded({ what }));

export const unreachable: StoredError = storedError(errors.node_unreachable());
