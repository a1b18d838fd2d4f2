import type { CommitStore } from '../../src/actors/store.ts';

/** A store whose commits wait while the gate is shut. */
export function gated(): {
  wrap: (store: CommitStore) => CommitStore;
  shut(): void;
  open(): void;
  readonly waiting: number;
} {
  let gate = Promise.withResolvers<void>();
  let waiting = 0;
  gate.resolve();
  return {
    wrap: (store) => ({
      ...store,
      async commit(turns) {
        waiting += 1;
        await gate.promise;
        waiting -= 1;
        return store.commit(turns);
      },
    }),
    shut() {
      gate = Promise.withResolvers<void>();
    },
    open: () => gate.resolve(),
    get waiting() {
      return waiting;
    },
  };
}
