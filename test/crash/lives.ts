/** Plays the lives of a run one after the other, and tells everybody where Baton listens now. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Baton, type BatonOptions, type Exit, startBaton } from './baton.ts';
import type { Life, Pace } from './deaths.ts';

/** How a life was meant to end, and how it did. */
export interface Died {
  readonly planned: string;
  /** The fault point that was reached; null when Baton was killed or stopped from outside. */
  readonly point: string | null;
  /** Before its door was open. */
  readonly early: boolean;
  readonly databaseKilled: boolean;
  /** By SIGTERM. */
  readonly stopped: boolean;
}

export interface Lives {
  readonly died: readonly Died[];
  /** Lives that ended in a way that nobody asked for. */
  readonly faults: readonly string[];
  /** Where the life that is open now listens, or the next one once it is. */
  address(): Promise<string>;
  /** One life, to its end. */
  live(life: Life): Promise<void>;
  /** The life that goes on. Null when it did not open its door; `faults` says why. */
  last(): Promise<Baton | null>;
  /** Resolves when none of them is alive, which the signal brings about. */
  over(): Promise<void>;
}

export function createLives(options: Omit<BatonOptions, 'fault'>, pace: Pace, signal: AbortSignal): Lives {
  const died: Died[] = [];
  const faults: string[] = [];
  const exits: Promise<Exit>[] = [];
  let open = Promise.withResolvers<string>();

  async function begin(fault: string | null): Promise<Baton> {
    signal.throwIfAborted();
    const baton = await startBaton({ ...options, fault });
    exits.push(baton.exited);
    if (signal.aborted) baton.kill();
    signal.addEventListener('abort', baton.kill, { once: true });
    void baton.exited.then(() => signal.removeEventListener('abort', baton.kill));
    void baton.ready.then((url) => url !== null && open.resolve(url));
    return baton;
  }

  /** Everybody waits for the next life from now on. */
  async function end(baton: Baton): Promise<Exit> {
    const exit = await baton.exited;
    // Who waits already waits for the life that opens its door, whichever that is.
    if ((await baton.ready) !== null) open = Promise.withResolvers();
    if (exit.overdue) faults.push(`Baton did not start or stop in time:\n${tail(baton)}`);
    return exit;
  }

  return {
    died,
    faults,
    address: () => open.promise,
    async live({ death, databaseKillMs }) {
      const fault = death.type === 'fault' ? death.fault : null;
      const baton = await begin(fault);
      const over = new AbortController();
      void baton.exited.then(() => over.abort());
      const fate = { killed: false, stopped: false, databaseKilled: false };
      const after = async (ms: number, act: () => unknown) => {
        await pause(ms, undefined, { signal: over.signal }).then(act, () => undefined);
      };
      const kill = () => {
        fate.killed = true;
        baton.kill();
      };
      const stop = () => {
        fate.stopped = true;
        baton.stop();
      };
      const fates: Promise<void>[] = [];
      if (death.type === 'kill' && death.from === 'spawn') fates.push(after(death.afterMs, kill));
      const url = await baton.ready;
      if (url !== null) {
        // One that gives its shards back does so when it is stopped.
        if (fault?.startsWith('store.releaseShards')) fates.push(after(pace.lifeMs / 2, stop));
        else if (death.type === 'fault') fates.push(after(pace.pointMs, kill));
        else if (death.type === 'stop') fates.push(after(death.afterMs, stop));
        else if (death.from === 'ready') fates.push(after(death.afterMs, kill));
        if (databaseKillMs !== null) {
          fates.push(
            after(databaseKillMs, async () => {
              fate.databaseKilled = await baton.killDatabase();
            }),
          );
        }
      }
      const exit = await end(baton);
      await Promise.all(fates);
      const suicide = fault !== null && exit.signal === 'SIGKILL' && !fate.killed && !exit.overdue;
      const asked = suicide || fate.killed || signal.aborted || (fate.stopped && exit.code === 0) || exit.overdue;
      if (!asked) faults.push(`Baton ended by itself (${exit.signal ?? `code ${exit.code}`}):\n${tail(baton)}`);
      died.push({
        planned: fault ?? death.type,
        point: suicide ? fault.replace(/:\d+$/, '') : null,
        early: url === null,
        databaseKilled: fate.databaseKilled,
        stopped: fate.stopped && !suicide,
      });
    },
    async last() {
      const baton = await begin(null);
      if ((await baton.ready) !== null) return baton;
      const exit = await end(baton);
      if (!exit.overdue) faults.push(`Baton did not start again (${exit.signal ?? exit.code}):\n${tail(baton)}`);
      return null;
    },
    async over() {
      await Promise.all(exits);
    },
  };
}

const tail = (baton: Baton): string => baton.log().slice(-4).join('\n');
