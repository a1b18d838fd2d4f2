import { BatonError, storedError } from '../errors.ts';
import { backoffMs } from './effects.ts';
import { errors } from './errors.ts';
import type { Residents } from './residents.ts';
import type { RuntimeOptions } from './runtime.ts';
import type { TimerService } from './timers.ts';

export interface Recovery {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The store did not answer. From now on asks are refused, until it does and everything was picked up again. */
  outage(error: unknown): void;
  /** Why nothing can be asked now, or null. */
  refusal(): BatonError | null;
  epoch(shard: number): number;
}

/**
 * Owns the shards and brings the runtime back after a start or an outage. It is in one of three modes: `out` (the store does
 * not answer; asked again with backoff), `recovering` (what was under way is being picked up), `serving`.
 */
export function createRecovery(
  parts: Pick<RuntimeOptions, 'store' | 'ports' | 'limits' | 'owner' | 'report' | 'leaseLost'> & {
    readonly residents: Residents;
    readonly timers: TimerService;
  },
): Recovery {
  const { store, ports, limits, owner, report, residents, timers } = parts;
  let epochs: readonly number[] = [];
  let refusal: BatonError | null = errors.stopping();
  let cancelRenewal: () => void = () => {};
  let stopped = false;

  /** Actors with effects, messages or waiting commands are activated; loading them picks all of that up. */
  async function pickUp(): Promise<void> {
    residents.dropIdle();
    for (const address of await store.actorsWithWork()) residents.activate(address);
    timers.expect(0);
  }

  async function renew(): Promise<void> {
    try {
      if (await store.renewShards(owner, limits.leaseMs)) return scheduleRenewal();
      report('Another process has taken the shards; this one ends.', {});
      refusal = errors.fenced({ kind: 'shard' });
      parts.leaseLost();
    } catch (error) {
      outage(error);
    }
  }

  function scheduleRenewal(): void {
    cancelRenewal();
    if (!stopped) cancelRenewal = ports.clock.schedule(limits.leaseMs / 3, () => void renew());
  }

  function outage(error: unknown): void {
    if (refusal !== null || stopped) return;
    refusal = error instanceof BatonError ? error : errors.stopping();
    cancelRenewal();
    report('The database does not answer; commands are refused until it does.', { error: storedError(error) });
    void comeBack(1);
  }

  async function comeBack(attempt: number): Promise<void> {
    if (stopped) return;
    try {
      epochs = await store.claimShards(owner, limits.leaseMs);
      refusal = null;
      await pickUp();
      scheduleRenewal();
      report('The database answers again; everything that was under way was picked up.', { attempts: attempt });
    } catch (error) {
      refusal ??= error instanceof BatonError ? error : errors.stopping();
      const delay = Math.min(2_000, backoffMs(limits, attempt, ports.random()));
      cancelRenewal = ports.clock.schedule(delay, () => void comeBack(attempt + 1));
    }
  }

  return {
    async start() {
      epochs = await store.claimShards(owner, limits.leaseMs);
      refusal = null;
      timers.start();
      await pickUp();
      scheduleRenewal();
    },
    async stop() {
      stopped = true;
      cancelRenewal();
      await store.releaseShards(owner).catch((error: unknown) => {
        report('The shards could not be given back; the next start waits for nobody but us.', {
          error: storedError(error),
        });
      });
    },
    outage,
    refusal: () => refusal,
    epoch: (shard) => epochs[shard] ?? 0,
  };
}
