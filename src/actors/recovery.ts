import { type BatonError, storedError } from '../errors.ts';
import { isUnavailable } from './committer.ts';
import { backoffMs } from './effects.ts';
import { errors } from './errors.ts';
import type { Residents } from './residents.ts';
import type { RuntimeOptions } from './runtime.ts';
import { internalError } from './supervisor.ts';
import type { TimerService } from './timers.ts';
import type { Underway } from './underway.ts';

export interface Recovery {
  /** Takes the shards. Throws `database_in_use` while another process holds them, and `unavailable`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The store did not answer. From now on asks are refused, until it does and everything was picked up again. */
  outage(error: unknown): void;
  /** An actor of ours was written by somebody else: finds out whether we still own the shards. */
  fenced(): void;
  /** Why nothing can be asked now, or null. */
  refusal(): BatonError | null;
  /** Whether no other process can have taken the shards by now, as far as the last lease goes. */
  isSure(): boolean;
  epoch(shard: number): number;
}

export interface RecoveryParts
  extends Pick<RuntimeOptions, 'store' | 'kinds' | 'ports' | 'limits' | 'owner' | 'report' | 'leaseLost'> {
  readonly residents: Residents;
  readonly timers: TimerService;
  readonly underway: Underway;
  /** Stops everything that acts on the world: it is another process's now. */
  readonly halt: (error: BatonError) => void;
}

/**
 * Owns the shards and brings the runtime back after a start or an outage.
 *
 * | what happens | asks are | what follows |
 * | --- | --- | --- |
 * | start | refused | the shards are claimed, work is picked up |
 * | outage | refused | the shards are claimed again with backoff, which fences what was under way; work is picked up |
 * | work was picked up | served | the lease is renewed, the store is swept for work that nobody has picked up |
 * | another process claimed the shards | refused | everything stops, `leaseLost` is called; this process must end |
 */
export function createRecovery(parts: RecoveryParts): Recovery {
  const { store, ports, limits, owner, report, residents, timers, underway } = parts;
  const moot = parts.kinds.flatMap(({ kind, moot: types = [] }) => types.map((type) => ({ kind, type })));
  let epochs: readonly number[] = [];
  /** Until when the shards are certainly ours, by the monotonic clock: reckoned from before the lease was asked for. */
  let sureUntilMs = Number.NEGATIVE_INFINITY;
  let refusal: BatonError | null = errors.stopping();
  /** Counts outages, so that one that happens while the last is being recovered from is not overlooked. */
  let outages = 0;
  let recovering = false;
  let renewing = false;
  let ended = false;
  let cancelPause: () => void = () => {};
  let cancelRenewal: () => void = () => {};
  let cancelSweep: () => void = () => {};

  function serve(): void {
    refusal = null;
    cancelRenewal();
    cancelRenewal = ports.clock.schedule(limits.leaseMs / 3, checkLease);
    cancelSweep();
    cancelSweep = ports.clock.schedule(limits.sweepMs, () => underway.track(sweep()));
  }

  /** Actors with effects, messages or waiting commands are activated; loading them picks all of that up. */
  async function pickUp(): Promise<void> {
    residents.dropIdle();
    for (const work of await store.actorsWithWork()) residents.refresh(work);
    timers.expect(0);
  }

  async function sweep(): Promise<void> {
    try {
      const letters = await store.deadLetterOrphans(limits.orphanMs, storedError(errors.no_receiver()), moot);
      if (letters > 0) report('Messages to actors that do not exist were put aside as dead letters.', { letters });
      for (const work of await store.actorsWithWork()) residents.refresh(work);
    } catch (error) {
      if (isUnavailable(error)) return outage(error);
      report('The store could not be swept.', { error: storedError(error) });
    }
    if (!ended) cancelSweep = ports.clock.schedule(limits.sweepMs, () => underway.track(sweep()));
  }

  async function renew(): Promise<void> {
    const held = epochs;
    const askedMs = ports.clock.monotonic();
    try {
      const ours = await store.renewShards(owner, held, limits.leaseMs);
      // Claimed anew meanwhile: the answer is about epochs that we gave up ourselves.
      if (ended || held !== epochs) return;
      if (!ours) return lose();
      sureUntilMs = askedMs + limits.leaseMs;
      cancelRenewal();
      cancelRenewal = ports.clock.schedule(limits.leaseMs / 3, checkLease);
    } catch (error) {
      outage(error);
    } finally {
      renewing = false;
    }
  }

  async function claim(): Promise<void> {
    const askedMs = ports.clock.monotonic();
    epochs = await store.claimShards(owner, limits.leaseMs);
    sureUntilMs = askedMs + limits.leaseMs;
  }

  function checkLease(): void {
    if (renewing || recovering || ended) return;
    renewing = true;
    underway.track(renew());
  }

  function lose(): void {
    report('Another process has taken the shards; this one ends.', {});
    end(errors.fenced({ kind: 'shard' }));
    parts.halt(errors.fenced({ kind: 'shard' }));
    parts.leaseLost();
  }

  function end(error: BatonError): void {
    ended = true;
    refusal = error;
    cancelRenewal();
    cancelSweep();
    cancelPause();
  }

  function outage(error: unknown): void {
    outages += 1;
    if (recovering || ended) return;
    recovering = true;
    refusal = internalError(error);
    cancelRenewal();
    cancelSweep();
    report('The database does not answer; commands are refused until it does.', { error: storedError(error) });
    underway.track(comeBack());
  }

  async function comeBack(): Promise<void> {
    for (let attempt = 1; !ended; attempt += 1) {
      const seen = outages;
      const done = await claimAgain();
      if (ended || done === 'lost') break;
      if (done === 'claimed' && outages === seen) {
        recovering = false;
        serve();
        return report('The database answers again; everything that was under way was picked up.', { attempt });
      }
      await pause(Math.min(MAX_PAUSE_MS, backoffMs(limits, attempt, ports.random())));
    }
    recovering = false;
  }

  async function claimAgain(): Promise<'claimed' | 'away' | 'lost'> {
    try {
      await claim();
      if (!ended) await pickUp();
      return 'claimed';
    } catch (error) {
      if (isTaken(error)) {
        lose();
        return 'lost';
      }
      return 'away';
    }
  }

  function pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = ports.clock.schedule(delayMs, resolve);
    cancelPause = () => {
      cancel();
      resolve();
    };
    return promise;
  }

  return {
    async start() {
      await claim();
      timers.start();
      await pickUp();
      if (!recovering) serve();
    },
    async stop() {
      end(errors.stopping());
      await underway.idle();
      await store.releaseShards(owner, epochs).catch((error: unknown) => {
        report('The shards could not be given back; only another owner has to wait for them.', {
          error: storedError(error),
        });
      });
    },
    outage,
    fenced: checkLease,
    refusal: () => refusal,
    isSure: () => !ended && ports.clock.monotonic() < sureUntilMs,
    epoch: (shard) => epochs[shard] ?? 0,
  };
}

/** While the store is away it is asked again at least this often: people wait for it. */
const MAX_PAUSE_MS = 2_000;

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'database_in_use';
