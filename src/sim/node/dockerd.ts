/** The temper of a machine's container engine: it answers after a while, hangs, or is being restarted. */
import { errors } from '../../nodes/index.ts';
import type { Life } from '../life.ts';
import type { Random } from '../random.ts';

export interface Dockerd {
  /** Does what is asked, when the engine comes to it; then nobody may want it any more. Throws `engine_unavailable`. */
  serve<T>(run: () => Promise<T> | T): Promise<T>;
  /** Adds to each answer; returns how it ends. */
  slow(ms: number): () => void;
  /** Answers nothing until the returned function is called; then it does all that was asked meanwhile. */
  hang(): () => void;
  /** Refuses all until the returned function is called. */
  restart(): () => void;
  hangs(): boolean;
}

/** A call on a machine that has nothing else to do. */
const ANSWER_MS = [1, 15] as const;

export function createDockerd(life: Life, random: Random): Dockerd {
  const slowness = new Set<{ readonly ms: number }>();
  let hanging = 0;
  let restarting = 0;
  const waiting: (() => void)[] = [];

  /** Resolves when the engine comes to it. */
  function turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slowMs = [...slowness].reduce((sum, { ms }) => sum + ms * random.next(), 0);
    life.clock.schedule(random.between(...ANSWER_MS) + slowMs, () => {
      if (hanging === 0) resolve();
      else waiting.push(resolve);
    });
    return promise;
  }

  return {
    async serve(run) {
      await turn();
      if (restarting > 0) throw errors.engine_unavailable({ reason: 'it is being restarted' });
      return run();
    },
    slow(ms) {
      const entry = { ms };
      slowness.add(entry);
      return () => void slowness.delete(entry);
    },
    hang() {
      hanging += 1;
      return () => {
        hanging -= 1;
        if (hanging > 0) return;
        for (const resolve of waiting.splice(0)) life.enter(resolve);
      };
    },
    restart() {
      restarting += 1;
      return () => {
        restarting -= 1;
      };
    },
    hangs: () => hanging > 0,
  };
}
