/** Baton as a process that may be killed and started again on the same data, under an address that callers ask for each time. */
import { type Baton, type BatonOptions, startBaton } from '../../crash/baton.ts';

export interface MortalBaton {
  /** Where it listens; while it is dead, where it will once it is back. */
  address(): Promise<string>;
  /** Where it listens, or null while it does not. */
  now(): string | null;
  /** SIGKILL, and a new start, which is waited for. */
  killAndStartAgain(): Promise<void>;
  /** SIGTERM. Says what was wrong with how it ended; null when it was in order. */
  end(): Promise<string | null>;
  log(): readonly string[];
}

export async function startMortalBaton(options: Omit<BatonOptions, 'fault'>): Promise<MortalBaton> {
  let life: Baton;
  let url: string | null = null;
  let open = Promise.withResolvers<string>();

  const begin = async () => {
    life = await startBaton({ ...options, fault: null });
    url = await life.ready;
    if (url === null) throw new Error(`Baton did not start:\n${life.log().slice(-10).join('\n')}`);
    open.resolve(url);
  };
  await begin();

  return {
    address: () => open.promise,
    now: () => url,
    log: () => life.log(),
    async killAndStartAgain() {
      url = null;
      open = Promise.withResolvers();
      life.kill();
      await life.exited;
      await begin();
    },
    async end() {
      const ended = life.alive() ? null : 'Baton had ended by itself';
      url = null;
      life.stop();
      const { code, signal, overdue } = await life.exited;
      if (ended === null && code === 0) return null;
      return `${ended ?? 'Baton did not end in order'} (${overdue ? 'not in time' : (signal ?? code)}):\n${life.log().slice(-10).join('\n')}`;
    },
  };
}
