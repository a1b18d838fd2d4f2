import { type StoredError, storedError } from '../errors.ts';
import { errors } from './errors.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Ports } from './ports.ts';
import type { StoredEffect } from './store.ts';
import type { ActorEvent, ActorKind, Address, EffectContext } from './types.ts';

/** What became of an effect. Kept until the turn that takes it is committed. */
export type Settled = { readonly output: unknown } | { readonly error: StoredError };

export interface EffectRunner {
  /** Runs an effect unless it is held already. Its outcome goes to `settled`, at most once a start. */
  start(address: Address, kind: ActorKind, effect: StoredEffect): void;
  /** Aborts it if it runs, and forgets it: the state that asked was left, or the turn that took the outcome is committed. */
  stop(effectId: string): void;
  /** Stops what is held for an actor but not stored: the commit that ended it was not heard of. */
  retain(address: Address, effectIds: readonly string[]): void;
  /** An outcome whose turn is not committed yet. */
  outcome(effectId: string): Settled | undefined;
  /** Whether an effect runs, or its outcome waits for its turn. */
  holds(effectId: string): boolean;
  /** Whether any effect of the actor is held. */
  busy(address: Address): boolean;
  /** Aborts all of them without telling outcomes, and starts no more: the next start of Baton runs them again. */
  stopAll(): Promise<void>;
}

export interface EffectHooks {
  settled(address: Address, effect: StoredEffect): void;
  progress(address: Address, fraction: number | null, message: string): void;
  send(address: Address, event: ActorEvent): void;
}

interface Held {
  readonly address: Address;
  readonly controller: AbortController;
  readonly done: Promise<void>;
  settled: Settled | undefined;
}

/**
 * Runs effects: at least once, with a deadline, retried by the class of their error. An effect that was started before a
 * crash runs again under the same id.
 */
export function createEffectRunner(ports: Ports, limits: RuntimeLimits, hooks: EffectHooks): EffectRunner {
  const held = new Map<string, Held>();
  const byAddress = new Map<Address, Set<string>>();
  let stopped = false;

  function hold(id: string, entry: Held): void {
    held.set(id, entry);
    const own = byAddress.get(entry.address) ?? new Set();
    byAddress.set(entry.address, own.add(id));
  }

  function release(id: string): Held | undefined {
    const entry = held.get(id);
    if (entry === undefined) return undefined;
    held.delete(id);
    const own = byAddress.get(entry.address);
    own?.delete(id);
    if (own?.size === 0) byAddress.delete(entry.address);
    return entry;
  }

  function stop(id: string): void {
    release(id)?.controller.abort(new Error('The state that asked for this effect was left.'));
  }

  async function run(address: Address, kind: ActorKind, effect: StoredEffect, signal: AbortSignal): Promise<Settled> {
    const { clock } = ports;
    const endsAtMs = effect.deadlineInMs === null ? Number.POSITIVE_INFINITY : clock.monotonic() + effect.deadlineInMs;
    const context = (attempt: number): EffectContext => ({
      id: effect.id,
      address,
      attempt,
      signal,
      progress: (fraction, message) => {
        if (!signal.aborted) hooks.progress(address, fraction, message);
      },
      send: (event) => {
        if (!signal.aborted) hooks.send(address, event);
      },
    });
    try {
      const spec = kind.effects[effect.name];
      if (spec === undefined) throw errors.unknown_effect({ kind: kind.kind, effect: effect.name });
      for (let n = 1; ; n += 1) {
        try {
          return { output: (await untilAborted(spec.run(effect.input as never, context(n)), signal)) ?? null };
        } catch (thrown) {
          const { retry, message } = storedError(thrown);
          if (retry !== 'transient' || n >= spec.attempts || signal.aborted) throw thrown;
          const waitMs = backoffMs(limits, n, ports.random());
          if (clock.monotonic() + waitMs >= endsAtMs - (spec.marginMs ?? 0)) throw thrown;
          context(n).progress(null, `${message} It is tried again.`);
          await pause(ports, waitMs, signal);
        }
      }
    } catch (thrown) {
      return { error: storedError(signal.aborted ? signal.reason : thrown) };
    }
  }

  return {
    start(address, kind, effect) {
      if (stopped || held.has(effect.id)) return;
      const controller = new AbortController();
      const { deadlineInMs } = effect;
      const expire = () => controller.abort(errors.deadline_exceeded(deadlineDetails(effect)));
      const cancelDeadline = deadlineInMs === null ? () => {} : ports.clock.schedule(deadlineInMs, expire);
      const done = run(address, kind, effect, controller.signal).then((settled) => {
        cancelDeadline();
        const entry = held.get(effect.id);
        if (entry?.controller !== controller) return;
        entry.settled = settled;
        hooks.settled(address, effect);
      });
      hold(effect.id, { address, controller, done, settled: undefined });
    },
    stop,
    retain(address, effectIds) {
      for (const id of byAddress.get(address) ?? []) if (!effectIds.includes(id)) stop(id);
    },
    outcome: (effectId) => held.get(effectId)?.settled,
    holds: (effectId) => held.has(effectId),
    busy: (address) => byAddress.has(address),
    async stopAll() {
      stopped = true;
      const all = [...held.values()];
      held.clear();
      byAddress.clear();
      for (const { controller } of all) controller.abort(errors.stopping());
      await Promise.all(all.map(({ done }) => done));
    },
  };
}

/** Exponential with full jitter over the upper half, so that many that failed together do not come back together. */
export function backoffMs(limits: RuntimeLimits, attempt: number, random: number): number {
  const ceiling = Math.min(limits.retryMaxMs, limits.retryBaseMs * 2 ** (attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random;
}

const deadlineDetails = ({ name, deadlineInMs }: StoredEffect) => ({
  effect: name,
  deadline_ms: Math.max(0, Math.round(deadlineInMs ?? 0)),
});

/** An effect that does not listen to its signal must not hold its actor: once aborted, we no longer wait for it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  return promise;
}

function pause(ports: Ports, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = ports.clock.schedule(delayMs, resolve);
  return untilAborted(promise, signal).catch((reason: unknown) => {
    cancel();
    throw reason;
  });
}
