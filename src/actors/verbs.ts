/**
 * The actions that a machine may take besides XState's own: each is a name and parameters that are JSON, put there with
 * `{ type: 'endOperation', params: … }`. They do nothing when the turn is computed; the runtime writes them into the same
 * commit as the snapshot.
 */
import type { StoredError } from '../errors.ts';

export type OperationOutcome = 'succeeded' | 'failed' | 'cancelled';

/** A command that was taken and has not ended. Kept in the machine's context while it runs. */
export interface OperationRef {
  readonly id: string;
  readonly command: string;
}

export type Verb =
  /** Ends an operation. Ending one that has ended already changes nothing. */
  | {
      type: 'endOperation';
      params: { id: string; outcome: OperationOutcome; error?: StoredError; message?: string };
    }
  /** Sends a durable message to another actor (`kind/id`), committed with this turn. */
  | { type: 'tell'; params: { to: string; event: { type: string; [key: string]: unknown } } }
  /** The answer that an asker of this turn gets. */
  | { type: 'reply'; params: { value: unknown } };

/** The parameter types by action name, for `setup({ actions })`. */
export type VerbParams = { [V in Verb as V['type']]: V['params'] };

/** What the runtime adds to every event before the machine sees it. */
export interface Stamped {
  /** Unix milliseconds by the runtime's clock. */
  readonly at: number;
}

/** What the runtime adds to an event that is a command. */
export interface Commanded extends Stamped {
  readonly operation: OperationRef;
}
