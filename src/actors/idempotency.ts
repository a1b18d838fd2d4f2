import { errors } from './errors.ts';
import type { CommitStore } from './store.ts';
import type { CommandOptions, Operation } from './types.ts';

export interface Idempotency {
  /** Runs a command unless one with the same key was taken already; then that one's operation is the answer. */
  once(options: CommandOptions, command: () => Promise<Operation>): Promise<Operation>;
}

/**
 * The same key gives the same operation. Commands with the same key stand in line until the one before was taken or refused,
 * however short its asker's patience was; then the store says whether it was taken, and with which request.
 */
export function createIdempotency(store: Pick<CommitStore, 'operationByKey'>): Idempotency {
  const lastInLine = new Map<string, Promise<Operation>>();

  async function knownOr(options: CommandOptions, key: string, command: () => Promise<Operation>): Promise<Operation> {
    const { fingerprint = null, by } = options;
    const known = await store.operationByKey(by.accountId, key);
    if (known === null) return command();
    if (known.fingerprint === fingerprint) return known.operation;
    throw errors.conflict({ reason: `The idempotency key "${key}" was used for another request.` });
  }

  return {
    once(options, command) {
      const { idempotencyKey: key, by } = options;
      if (key === undefined) return command();
      const line = `${by.accountId} ${key}`;
      const next = () => knownOr(options, key, command);
      const mine = lastInLine.get(line)?.then(next, next) ?? next();
      lastInLine.set(line, mine);
      return mine.finally(() => {
        if (lastInLine.get(line) === mine) lastInLine.delete(line);
      });
    },
  };
}
