/**
 * The way from a process to something outside of it: a database, a machine. Questions and answers take time, and each of
 * them may be lost; whoever asked cannot tell which of the two it was.
 */
import type { Life } from './life.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';
import type { Weather } from './weather.ts';

export interface Call<T> {
  /** Names the place, such as `store.commit`. */
  readonly point: string;
  /** What is done at the other end. A promise that never settles is an answer that never comes. */
  readonly run: (signal: AbortSignal) => Promise<T> | T;
  /** The caller's. What has left is not called back by it, unless the other end `stops`. */
  readonly signal?: AbortSignal | undefined;
  /** After which the caller gives up by itself. */
  readonly deadlineMs: number;
  /** What the caller gets when question or answer is lost, soon or at the deadline. */
  readonly failure: (late: boolean) => Error;
  /** Whether the other end hears it when the caller has gone. */
  readonly stops?: boolean;
}

export interface Link {
  call<T>(call: Call<T>): Promise<T>;
}

export interface LinkParts {
  readonly time: Time;
  readonly life: Life;
  readonly random: Random;
  readonly weather: Weather;
  /** Told of every passage of a point's `before` and `after`; may end the process. */
  readonly passes: (point: string) => void;
}

export function createLink({ time, life, random, weather, passes }: LinkParts): Link {
  const latency = () => random.between(...weather.latencyMs());
  const travel = (arrive: () => void): void => weather.pass(() => void time.after(latency(), arrive));

  /** Does it at the other end, whatever has become of the caller. Null: the answer is lost. */
  async function remote<T>({ point, run }: Call<T>, signal: AbortSignal): Promise<(() => T) | null> {
    if (random.chance(weather.doubled())) travel(() => void settled(run, signal));
    const outcome = await settled(run, signal);
    if (life.alive) passes(`${point}.after`);
    return random.chance(weather.unheard()) ? null : outcome;
  }

  return {
    call<T>(call: Call<T>): Promise<T> {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const { signal } = call;
      if (signal?.aborted) return Promise.reject(signal.reason);
      if (life.alive) passes(`${call.point}.before`);
      if (!life.alive) return promise;
      const gone = new AbortController();
      const leave = (): void => {
        if (call.stops) travel(() => gone.abort(new Error('The caller has gone.')));
      };
      let cancelDeadline: () => void = () => {};
      const end = (how: () => void): void => {
        signal?.removeEventListener('abort', onAbort);
        cancelDeadline();
        how();
      };
      const onAbort = (): void => {
        leave();
        end(() => reject(signal?.reason));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      cancelDeadline = life.clock.schedule(call.deadlineMs, () => {
        leave();
        end(() => reject(call.failure(true)));
      });
      const answer = (how: () => void): void => travel(() => life.enter(() => end(how)));
      const lose = (): void => {
        if (!weather.silent()) answer(() => reject(call.failure(false)));
      };
      if (random.chance(weather.lost())) {
        lose();
        return promise;
      }
      travel(() => {
        void remote(call, gone.signal).then((outcome) => {
          if (outcome === null) lose();
          else answer(() => settle(outcome, resolve, reject));
        });
      });
      return promise;
    },
  };
}

/** The outcome as a function that returns or throws it; itself it never rejects. */
async function settled<T>(run: Call<T>['run'], signal: AbortSignal): Promise<() => T> {
  try {
    const value = await run(signal);
    return () => value;
  } catch (thrown) {
    return () => {
      throw thrown;
    };
  }
}

function settle<T>(outcome: () => T, resolve: (value: T) => void, reject: (thrown: unknown) => void): void {
  try {
    resolve(outcome());
  } catch (thrown) {
    reject(thrown);
  }
}
