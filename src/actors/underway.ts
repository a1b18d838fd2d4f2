/** Work that has begun and must be over before the runtime may be called stopped. */
export interface Underway {
  /** Keeps the work in mind until it settles. It must not reject. */
  track(work: Promise<void>): void;
  /** Resolves when nothing is under way any more, nor anything that it led to. */
  idle(): Promise<void>;
}

export function createUnderway(): Underway {
  const all = new Set<Promise<void>>();
  return {
    track(work) {
      const tracked = work.finally(() => all.delete(tracked));
      all.add(tracked);
    },
    async idle() {
      while (all.size > 0) await Promise.all(all);
    },
  };
}
