import { type StoredError, storedError } from '../errors.ts';
import { errors } from './errors.ts';
import type { RuntimeLimits } from './limits.ts';
import type { Ports } from './ports.ts';
import type { StoredEffect } from './store.ts';
import type { ActorEvent, ActorKind, Address, EffectContext } from './types.ts';

/** What became of an effect. Kept until the turn that takes it is committed. */
export type Settled = { readonly output: unknown } | { readonly error: StoredError };

export interface EffectRunner {
  /** Runs an effect unless it runs already. Its outcome goes to `settled`, at most once a start. */
  start(address: Address, kind: ActorKind, effect: StoredEffect): void;
  /** Aborts it; its outcome is not told. */
  stop(effectId: string): void;
  /** An outcome that was told but whose turn was not committed. */
  outcome(effectId: string): Settled | undefined;
  /** The turn that took the outcome is committed, or nobody waits for it any more. */
  forget(effectId: string): void;
  isRunning(effectId: string): boolean;
  /** Aborts all of them without telling outcomes: the next start of Baton runs them again. */
  stopAll(): Promise<void>;
}

export interface EffectHooks {
  settled(address: Address, effect: StoredEffect): void;
  progress(address: Address, effectId: string, fraction: number | null, message: string): void;
  send(address: Address, event: ActorEvent): void;
}

interface Running {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

/**
 * Runs effects: at least once, with a deadline, retried by the class of their error. An effect that was started before a
 * crash runs again under the same id.
 */
export function createEffectRunner(ports: Ports, limits: RuntimeLimits, hooks: EffectHooks): EffectRunner {
  const running = new Map<string, Running>();
  const outcomes = new Map<string, Settled>();

  async function run(address: Address, kind: ActorKind, effect: StoredEffect, controller: AbortController) {
    const spec = kind.effects[effect.name];
    const cancelDeadline =
      effect.deadlineInMs === null
        ? () => {}
        : ports.clock.schedule(effect.deadlineInMs, () => controller.abort(deadlineError(effect)));
    const context = (attempt: number): EffectContext => ({
      id: effect.id,
      address,
      attempt,
      signal: controller.signal,
      progress: (fraction, message) => hooks.progress(address, effect.id, fraction, message),
      send: (event) => {
        if (!controller.signal.aborted) hooks.send(address, event);
      },
    });
    try {
      if (spec === undefined) throw errors.unknown_effect({ kind: kind.kind, effect: effect.name });
      return { output: (await retried(spec.attempts, (n) => spec.run(effect.input as never, context(n)))) ?? null };
    } catch (thrown) {
      const { reason } = controller.signal;
      return { error: storedError(controller.signal.aborted && isDeadline(reason) ? reason : thrown) };
    } finally {
      cancelDeadline();
    }

    async function retried(attempts: number, attempt: (n: number) => Promise<unknown>): Promise<unknown> {
      for (let n = 1; ; n += 1) {
        try {
          return await untilAborted(attempt(n), controller.signal);
        } catch (thrown) {
          const mayPass = storedError(thrown).retry === 'transient';
          if (!mayPass || n >= attempts || controller.signal.aborted) throw thrown;
          await wait(ports, backoffMs(limits, n, ports.random()), controller.signal);
        }
      }
    }
  }

  return {
    start(address, kind, effect) {
      if (running.has(effect.id) || outcomes.has(effect.id)) return;
      const controller = new AbortController();
      const done = run(address, kind, effect, controller).then((settled) => {
        if (!running.delete(effect.id)) return;
        outcomes.set(effect.id, settled);
        hooks.settled(address, effect);
      });
      running.set(effect.id, { controller, done });
    },
    stop(effectId) {
      const { controller } = running.get(effectId) ?? {};
      running.delete(effectId);
      outcomes.delete(effectId);
      controller?.abort(new Error('The state that asked for this effect was left.'));
    },
    outcome: (effectId) => outcomes.get(effectId),
    forget: (effectId) => void outcomes.delete(effectId),
    isRunning: (effectId) => running.has(effectId),
    async stopAll() {
      const all = [...running.values()];
      running.clear();
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

const deadlineError = (effect: StoredEffect) =>
  errors.deadline_exceeded({ effect: effect.name, deadline_ms: Math.round(effect.deadlineInMs ?? 0) });

const isDeadline = (reason: unknown): boolean =>
  reason instanceof Error && 'code' in reason && reason.code === 'deadline_exceeded';

/** An effect that does not listen to its signal must not hold its actor: once aborted, we no longer wait for it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function wait(ports: Ports, delayMs: number, signal: AbortSignal): Promise<void> {
  return untilAborted(
    new Promise<void>((resolve) => {
      const cancel = ports.clock.schedule(delayMs, resolve);
      signal.addEventListener('abort', cancel, { once: true });
    }),
    signal,
  );
}
