import { type BatonError, storedError } from '../errors.ts';
import { type Activation, type Envelope, plainEnvelope, type Settle } from './activation.ts';
import { createAftermath } from './aftermath.ts';
import { createCommitter, isUnavailable } from './committer.ts';
import { createDispatcher } from './dispatcher.ts';
import { createEffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import { createIdempotency } from './idempotency.ts';
import { createInspection, type Inspection } from './inspection.ts';
import { installKinds } from './kinds.ts';
import type { RuntimeLimits } from './limits.ts';
import { createLoader } from './loader.ts';
import { createOperationWaiters } from './operations.ts';
import type { Ports } from './ports.ts';
import { createProgress } from './progress.ts';
import { createRecovery } from './recovery.ts';
import { createResidents } from './residents.ts';
import { createResume } from './resume.ts';
import type { CommitStore, NewOperation, StoredEffect } from './store.ts';
import { createSupervisor, internalError } from './supervisor.ts';
import { createTimerService } from './timers.ts';
import type { ActorEvent, ActorKind, Actors, Address, CommandOptions, Operation } from './types.ts';
import { createUnderway } from './underway.ts';
import { createView } from './view.ts';
import { effectDone, effectFailed, isReserved } from './xstate.ts';

export interface RuntimeOptions {
  readonly store: CommitStore;
  readonly kinds: readonly ActorKind[];
  readonly ports: Ports;
  readonly limits: RuntimeLimits;
  /** Names this process in the shard leases; the same after a restart, so that it need not wait for its own old lease. */
  readonly owner: string;
  readonly report: (message: string, details: Record<string, unknown>) => void;
  /** The shards were lost to another process: this one must end. */
  readonly leaseLost: () => void;
}

export interface Runtime {
  readonly actors: Actors;
  readonly inspection: Inspection;
  /** Takes the shards and picks up everything that was under way. */
  start(): Promise<void>;
  /** Takes nothing new, finishes the turns under way, aborts effects (the next start runs them again), gives the shards back. */
  stop(): Promise<void>;
  /** False while the store does not answer. */
  healthy(): boolean;
  /** Whether no other process can own our actors by now. Also while the store is away, for as long as the last lease goes. */
  isSure(): boolean;
  residents(): number;
}

export function createRuntime(options: RuntimeOptions): Runtime {
  const { store, ports, limits, report } = options;
  const { clock } = ports;
  const kinds = installKinds(options.kinds, limits);
  const underway = createUnderway();
  const inspection = createInspection(limits.inspectionRing, (error) =>
    report('A listener failed.', { error: storedError(error) }),
  );
  const waiters = createOperationWaiters(store, clock);
  const idempotency = createIdempotency(store);
  let stopping = false;

  const outage = (error: unknown): void => recovery.outage(error);
  const unreachable = (activation: Activation, error: unknown): void => {
    residents.drop(activation, internalError(error));
    if (isUnavailable(error)) outage(error);
  };

  const effects = createEffectRunner(ports, limits, {
    settled: tellOutcome,
    progress: (address, fraction, message) => progress.report(address, fraction, message),
    send: (address, event) => actors.send(address, event),
  });
  const supervisor = createSupervisor({ ports, limits, store, effects, inspection, report });
  const residents = createResidents({
    kinds,
    limits,
    effects,
    underway,
    report,
    unreachable,
    load: createLoader(store, limits.mailboxDepth),
    pickUp: ({ address, kind }, effect) =>
      effects.outcome(effect.id) === undefined ? effects.start(address, kind, effect) : tellOutcome(address, effect),
    setAside: supervisor.setAside,
    ready: (activation) => dispatcher.drain(activation),
  });
  const timers = createTimerService({
    store,
    clock,
    underway,
    pollMs: limits.pollMs,
    fire: ({ address, timerId, incarnation, event }) =>
      dispatcher.deliver(address, plainEnvelope(event, { type: 'timer', timerId, incarnation })),
    failed: (error) =>
      isUnavailable(error) ? outage(error) : report('Timers could not be read.', { error: storedError(error) }),
  });
  const progress = createProgress({ ports, limits, store, residents, inspection, outage, underway });
  const recovery = createRecovery({ ...options, residents, timers, underway, halt });
  const dispatcher = createDispatcher({
    ports,
    limits,
    store,
    residents,
    effects,
    supervisor,
    underway,
    unreachable,
    committer: createCommitter({ store, ports, maxBatch: limits.commitBatch, underway }),
    aftermath: createAftermath({
      ports,
      effects,
      timers,
      inspection,
      waiters,
      deliver: (address, envelope) => dispatcher.deliver(address, envelope),
    }),
    epoch: recovery.epoch,
    fenced: recovery.fenced,
  });

  function tellOutcome(address: Address, { id, childId }: StoredEffect): void {
    const outcome = effects.outcome(id);
    if (outcome === undefined || stopping) return;
    const event = 'error' in outcome ? effectFailed(childId, outcome.error) : effectDone(childId, outcome.output);
    dispatcher.deliver(address, plainEnvelope(event, { type: 'effect', id, childId }));
  }

  /** The world is another process's now: nothing of ours may act on it any more. */
  function halt(error: BatonError): void {
    stopping = true;
    timers.stop();
    progress.stop();
    underway.track(effects.stopAll());
    residents.close(error);
  }

  /** Resolves once the turn is committed; a message that may not be delivered now is refused. */
  function deliver(address: Address, envelope: Omit<Envelope, 'settle' | 'attempts'>): Promise<Answer> {
    const refusal = stopping ? errors.stopping() : recovery.refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    dispatcher.deliver(address, { ...envelope, settle: { done: resolve, failed: reject }, attempts: 0 });
    return promise;
  }

  async function ask(address: Address, event: ActorEvent, by: string | null, timeoutMs?: number): Promise<unknown> {
    const asked = deliver(address, { event, origin: { type: 'ask' }, by, operation: null });
    return (await withTimeout(asked, timeoutMs)).reply;
  }

  function command(
    address: Address,
    event: ActorEvent,
    name: string,
    origin: Envelope['origin'],
    o: CommandOptions,
  ): Promise<Operation> {
    const { accountId, name: by } = o.by;
    const { idempotencyKey = null, fingerprint = null } = o;
    const taken = idempotency.once(o, async () => {
      if (o.check !== undefined) await o.check();
      const operation: NewOperation = { id: ports.id(), command: name, accountId, idempotencyKey, fingerprint };
      const { operation: row } = await deliver(address, { event, origin, by, operation });
      if (row === null) throw new TypeError(`${address} took ${name} without an operation.`);
      return row;
    });
    return withTimeout(taken, o.timeoutMs);
  }

  /** After the time the outcome is unknown: what was asked goes on all the same. */
  function withTimeout<T>(work: Promise<T>, timeoutMs: number | undefined): Promise<T> {
    if (timeoutMs === undefined) return work;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const cancel = clock.schedule(timeoutMs, () => reject(errors.ask_timeout({ timeout_ms: timeoutMs })));
    work.then(resolve, reject).finally(cancel);
    return promise;
  }

  const actors: Actors = {
    create: (address, input, name, o) => command(address, { type: 'create', ...input }, name, { type: 'create' }, o),
    async command(address, event, o) {
      refuseReserved(event);
      const { ifBusy = 'refuse', ifSeq = null, cancels = null } = o;
      const origin = { type: 'command', ifBusy, ifSeq, cancels } as const;
      return command(address, event, event.type, origin, o);
    },
    async ask(address, event, o = {}) {
      refuseReserved(event);
      return ask(address, event, o.by?.name ?? null, o.timeoutMs);
    },
    async redeliver(address, event) {
      await ask(address, event, 'dead letter');
    },
    send(address, event) {
      if (isReserved(event.type) || stopping || recovery.refusal() !== null) return;
      dispatcher.deliver(address, plainEnvelope(event, { type: 'send' }));
    },
    view: createView({ store, kinds, residents, clock }),
    waitFor: (operationId, timeoutMs) => waiters.waitFor(operationId, timeoutMs),
    resume: createResume({ store, kinds, residents, supervisor, inspection, timers }),
  };

  return {
    actors,
    inspection,
    start: () => recovery.start(),
    async stop() {
      stopping = true;
      timers.stop();
      progress.stop();
      await effects.stopAll();
      await recovery.stop();
    },
    healthy: () => recovery.refusal() === null,
    isSure: () => recovery.isSure(),
    residents: () => residents.size,
  };
}

type Answer = Parameters<Settle['done']>[0];

/** Events that only the runtime may send: anybody could otherwise claim that an effect has ended. */
function refuseReserved({ type }: ActorEvent): void {
  if (isReserved(type)) throw new TypeError(`"${type}" is not an event that may be sent.`);
}
