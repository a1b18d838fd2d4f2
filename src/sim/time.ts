/**
 * Virtual time: a queue of what happens when. Between two events everything that the last one led to is done, down to the
 * last promise, so the order of all things follows from the order of the events alone.
 */
import TinyQueue from 'tinyqueue';

/** What is one event after the other. Times are in milliseconds since the simulation's beginning. */
export interface Time {
  now(): number;
  /** Calls `run` once after `delayMs`; the returned function prevents it. */
  after(delayMs: number, run: () => void): () => void;
  /** Lets events happen until `over` says so before one, or none is left. Throws what an event throws. */
  run(over: () => boolean): Promise<void>;
  /** How many events there were. */
  events(): number;
}

interface Event {
  readonly at: number;
  /** Events of one moment happen in the order in which they were asked for. */
  readonly order: number;
  run: (() => void) | null;
}

/** Steps for one round of Node's loop, each after the promises of the one before. Fewer rounds are faster; the order is the same. */
const STEPS_AT_ONCE = 64;

export function createTime(): Time {
  const queue = new TinyQueue<Event>([], (a, b) => a.at - b.at || a.order - b.order);
  let now = 0;
  let asked = 0;
  let happened = 0;

  function next(): void {
    for (let event = queue.pop(); event !== undefined; event = queue.pop()) {
      if (event.run === null) continue;
      now = event.at;
      happened += 1;
      return event.run();
    }
  }

  return {
    now: () => now,
    after(delayMs, run) {
      const event: Event = { at: now + Math.max(0, delayMs), order: asked, run };
      asked += 1;
      queue.push(event);
      return () => {
        event.run = null;
      };
    },
    run(over) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let ended = false;
      const step = (): void => {
        if (ended) return;
        try {
          ended = over() || queue.length === 0;
          if (ended) return resolve();
          next();
        } catch (thrown) {
          ended = true;
          return reject(thrown);
        }
        // The one way to come back after all promises: those of an event are done before the next immediate.
        setImmediate(step);
      };
      for (let n = 0; n < STEPS_AT_ONCE; n += 1) setImmediate(step);
      return promise;
    },
    events: () => happened,
  };
}
