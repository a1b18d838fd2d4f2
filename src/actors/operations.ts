import { errors } from './errors.ts';
import type { Clock } from './ports.ts';
import type { CommitStore } from './store.ts';
import type { Operation } from './types.ts';

export interface OperationWaiters {
  ended(operation: Operation): void;
  waitFor(id: string, timeoutMs: number): Promise<Operation>;
}

/** Wakes those who wait for an operation's end. */
export function createOperationWaiters(store: Pick<CommitStore, 'operation'>, clock: Clock): OperationWaiters {
  const waiters = new Map<string, Set<(operation: Operation) => void>>();

  const read = async (id: string): Promise<Operation> => {
    const operation = await store.operation(id);
    if (operation === null) throw errors.not_found({ kind: 'operation', id });
    return operation;
  };

  return {
    ended(operation) {
      for (const wake of waiters.get(operation.id) ?? []) wake(operation);
    },
    async waitFor(id, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<Operation | null>();
      const cancel = clock.schedule(timeoutMs, () => resolve(null));
      const own = waiters.get(id) ?? new Set();
      waiters.set(id, own.add(resolve));
      try {
        // Read after subscribing: an end between the two would be missed otherwise.
        const now = await read(id);
        if (now.status !== 'running') return now;
        return (await promise) ?? (await read(id));
      } finally {
        cancel();
        own.delete(resolve);
        if (own.size === 0) waiters.delete(id);
      }
    },
  };
}
