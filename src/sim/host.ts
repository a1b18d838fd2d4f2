/**
 * The machine that Baton runs on, and the supervisor there that starts it again. Usually there is one process; when one is
 * frozen for long, somebody may start a second one elsewhere, and then there are two that take themselves for the only one.
 */
import type { Conductor } from '../conductor/types.ts';
import { storedError } from '../errors.ts';
import type { SimBaton } from './baton.ts';
import { type ClockError, createLife, type Life } from './life.ts';
import type { Random } from './random.ts';
import type { Time } from './time.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

export interface BatonProcess {
  readonly life: Life;
  readonly owner: string;
  /** Null while it starts. */
  readonly baton: SimBaton | null;
}

export interface BatonHost {
  /** Starts a process under this name, which its supervisor keeps alive. */
  start(owner: string): void;
  processes(): readonly BatonProcess[];
  /** SIGKILL. It is started again after a while. */
  kill(process: BatonProcess, why: string): void;
  /** SIGKILL for good: its supervisor is gone, too. */
  retire(owner: string): void;
  /** Ends a process at its n-th passage of any call to the outside from now on. */
  arm(passages: number): void;
  /** To be called at each passage. */
  passes(life: Life, point: string): void;
  /** A caller asks the newest process that serves. Throws what it throws, and {@link NoAnswer}. */
  ask<T>(run: (conductor: Conductor) => Promise<T>): Promise<T>;
}

/** Nobody answered: what was asked may have been done, or not. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export interface HostParts {
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly clock: ClockError;
  /** On the way between people and Baton. */
  readonly weather: Weather;
  readonly launch: (life: Life, owner: string, ends: (why: string) => void) => Promise<SimBaton>;
}

/** From its death until a process is started again, ms. */
const RESTART_MS = [100, 4_000] as const;
/** A caller's patience. */
const PATIENCE_MS = 20_000;

export function createHost({ time, random, trace, clock, weather, launch }: HostParts): BatonHost {
  let running: { life: Life; owner: string; baton: SimBaton | null }[] = [];
  const retired = new Set<string>();
  let generations = 0;
  let left = Number.POSITIVE_INFINITY;

  function start(owner: string): void {
    if (retired.has(owner)) return;
    generations += 1;
    const life = createLife(time, generations, clock);
    const entry: (typeof running)[number] = { life, owner, baton: null };
    running.push(entry);
    trace.say(`baton ${generations} starts as ${owner}`);
    const ends = (why: string): void => kill(entry, why);
    launch(life, owner, ends).then(
      (baton) => {
        if (!life.alive) return;
        entry.baton = baton;
        trace.say(`baton ${life.generation} serves`);
      },
      (error: unknown) => ends(`cannot start: ${storedError(error).message}`),
    );
  }

  function kill(process: BatonProcess, why: string): void {
    if (!process.life.alive) return;
    trace.say(`baton ${process.life.generation} ends: ${why}`);
    process.life.die();
    running = running.filter((each) => each.life !== process.life);
    time.after(random.between(...RESTART_MS), () => start(process.owner));
  }

  return {
    start,
    kill,
    processes: () => running,
    retire(owner) {
      retired.add(owner);
      for (const process of running) if (process.owner === owner) kill(process, 'retired');
    },
    arm(passages) {
      left = passages;
    },
    passes(life, point) {
      left -= 1;
      if (left > 0) return;
      left = Number.POSITIVE_INFINITY;
      const process = running.find((each) => each.life === life);
      if (process !== undefined) kill(process, `at ${point}`);
    },
    ask<T>(run: (conductor: Conductor) => Promise<T>) {
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      const cancel = time.after(PATIENCE_MS, () => reject(new NoAnswer('Baton did not answer in time.')));
      const end = (how: () => void): void => {
        cancel();
        how();
      };
      const travel = (arrive: () => void): void =>
        weather.pass(() => void time.after(random.between(...weather.latencyMs()), arrive));
      const answer = (life: Life, how: () => void): void => {
        if (life.alive && !random.chance(weather.unheard())) travel(() => end(how));
      };
      const arrive = (): void => {
        const serving = running.findLast(({ baton }) => baton !== null);
        if (serving === undefined) return end(() => reject(new NoAnswer('Nobody listens.')));
        const { life, baton } = serving;
        life.enter(() => {
          if (baton === null) return;
          run(baton.conductor).then(
            (value) => answer(life, () => resolve(value)),
            (error: unknown) => answer(life, () => reject(error)),
          );
        });
      };
      if (!random.chance(weather.lost())) travel(arrive);
      if (random.chance(weather.doubled())) travel(arrive);
      return promise;
    },
  };
}
