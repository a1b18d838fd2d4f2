import { BatonError, storedError } from '../errors.ts';
import type { Activation, Envelope, Settle } from './activation.ts';
import { createCommitter, isUnavailable } from './committer.ts';
import { createDispatcher } from './dispatcher.ts';
import { createEffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import { createInspection, type Inspection } from './inspection.ts';
import type { RuntimeLimits } from './limits.ts';
import { createLoader } from './loader.ts';
import { createOperationWaiters } from './operations.ts';
import type { Ports } from './ports.ts';
import { createProgress } from './progress.ts';
import { createRecovery } from './recovery.ts';
import { createResidents } from './residents.ts';
import type { CommitStore, NewOperation, StoredEffect } from './store.ts';
import { createSupervisor, quarantineEvent } from './supervisor.ts';
import { createTimerService } from './timers.ts';
import { allowedCommands } from './turn.ts';
import type { ActorEvent, ActorKind, Actors, Address, CommandOptions, Operation } from './types.ts';
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
  residents(): number;
}

export function createRuntime(options: RuntimeOptions): Runtime {
  const { store, ports, limits, report } = options;
  const kinds = new Map(options.kinds.map((kind) => [kind.kind, kind]));
  const inspection = createInspection(limits.inspectionRing, (error) =>
    report('A listener failed.', { error: storedError(error) }),
  );
  const waiters = createOperationWaiters(store, ports.clock);
  const inFlightKeys = new Map<string, Promise<Operation>>();
  let stopping = false;

  const outage = (error: unknown): void => recovery.outage(error);
  const effects = createEffectRunner(ports, limits, {
    settled: (address, effect) => tellOutcome(address, effect),
    progress: (address, _id, fraction, message) => progress.report(address, fraction, message),
    send: (address, event) => actors.send(address, event),
  });
  const supervisor = createSupervisor({ ports, limits, store, inspection, outage, report });
  const residents = createResidents({
    kinds,
    limits,
    effects,
    outage,
    report,
    load: createLoader(store),
    pickUp: ({ address, kind }, effect) =>
      effects.outcome(effect.id) === undefined ? effects.start(address, kind, effect) : tellOutcome(address, effect),
    unusable: setAside,
    ready: (activation) => dispatcher.drain(activation),
  });
  const timers = createTimerService(
    store,
    ports.clock,
    limits.pollMs,
    ({ address, timerId, incarnation, event }) =>
      dispatcher.deliver(address, plain(event, { type: 'timer', timerId, incarnation })),
    (error) =>
      isUnavailable(error) ? outage(error) : report('Timers could not be read.', { error: storedError(error) }),
  );
  const recovery = createRecovery({ ...options, residents, timers });
  const progress = createProgress({ ports, limits, store, residents, inspection, outage });
  const dispatcher = createDispatcher({
    ports,
    limits,
    residents,
    committer: createCommitter(store, limits.commitBatch),
    effects,
    timers,
    supervisor,
    inspection,
    waiters,
    epoch: recovery.epoch,
    outage,
    stash: ({ address }, { operation, event }) => {
      if (operation === null) throw new TypeError('Only commands are stashed.');
      return store.stash(address, operation, event);
    },
  });

  function tellOutcome(address: Address, { id, childId }: StoredEffect): void {
    const outcome = effects.outcome(id);
    if (outcome === undefined || stopping) return;
    const event = 'error' in outcome ? effectFailed(childId, outcome.error) : effectDone(childId, outcome.output);
    dispatcher.deliver(address, plain(event, { type: 'effect', id, childId }));
  }

  /** An actor whose stored state cannot be used is quarantined: its rows stay, and a person sees it. */
  async function setAside(activation: Activation, thrown: unknown): Promise<void> {
    const error = storedError(thrown);
    activation.quarantined = error;
    report('The stored state of an actor cannot be used; it is quarantined.', { address: activation.address, error });
    const event = quarantineEvent(activation, 'actor.quarantined', { error });
    inspection.events([await store.quarantine(activation.address, error, event)]);
  }

  function deliver<T>(
    address: Address,
    envelope: (settle: Settle) => Envelope,
    pick: (a: Answer) => T,
    timeoutMs?: number,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const refusal = stopping ? errors.stopping() : recovery.refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const cancel =
      timeoutMs === undefined
        ? null
        : ports.clock.schedule(timeoutMs, () => reject(errors.ask_timeout({ timeout_ms: timeoutMs })));
    dispatcher.deliver(
      address,
      envelope({
        done(answer) {
          cancel?.();
          resolve(pick(answer));
        },
        failed(error) {
          cancel?.();
          reject(error);
        },
      }),
    );
    return promise;
  }

  /** The same key gives the same operation: looked up among those under way, then in the store. */
  async function once(options: CommandOptions, command: () => Promise<Operation>): Promise<Operation> {
    const { idempotencyKey: key, fingerprint = null, by } = options;
    if (key === undefined) return command();
    const slot = `${by.accountId} ${key}`;
    const underway = inFlightKeys.get(slot);
    if (underway !== undefined) await underway.catch(() => undefined);
    const known = await store.operationByKey(by.accountId, key);
    if (known !== null) {
      if (known.fingerprint === fingerprint) return known.operation;
      throw errors.conflict({ reason: `The idempotency key "${key}" was used for another request.` });
    }
    const again = inFlightKeys.get(slot);
    if (again !== undefined) return once(options, command);
    const started = command();
    inFlightKeys.set(slot, started);
    return started.finally(() => inFlightKeys.delete(slot));
  }

  function commanded(
    address: Address,
    event: ActorEvent,
    command: string,
    origin: Envelope['origin'],
    o: CommandOptions,
  ) {
    const operation: NewOperation = {
      id: ports.id(),
      command,
      accountId: o.by.accountId,
      idempotencyKey: o.idempotencyKey ?? null,
      fingerprint: o.fingerprint ?? null,
    };
    return deliver(
      address,
      (settle) => ({ event, origin, by: o.by.name, operation, settle, attempts: 0 }),
      ({ operation: row }) => {
        if (row === null) throw new TypeError(`${address} took ${command} without an operation.`);
        return row;
      },
      o.timeoutMs,
    );
  }

  function asked(address: Address, event: ActorEvent, by: string | null, timeoutMs?: number): Promise<unknown> {
    const origin = { type: 'ask' } as const;
    const envelope = (settle: Settle): Envelope => ({ event, origin, by, operation: null, settle, attempts: 0 });
    return deliver(address, envelope, ({ reply }) => reply, timeoutMs);
  }

  const actors: Actors = {
    create: (address, input, command, o) =>
      once(o, () => commanded(address, { type: 'create', ...input }, command, { type: 'create' }, o)),
    command(address, event, o) {
      refuseReserved(event);
      const origin = { type: 'command', ifBusy: o.ifBusy ?? 'refuse', ifSeq: o.ifSeq ?? null } as const;
      return once(o, () => commanded(address, event, event.type, origin, o));
    },
    ask(address, event, o = {}) {
      refuseReserved(event);
      return asked(address, event, o.by?.name ?? null, o.timeoutMs);
    },
    async redeliver(address, event) {
      await asked(address, event, 'dead letter');
    },
    send(address, event) {
      refuseReserved(event);
      if (!stopping && recovery.refusal() === null) dispatcher.deliver(address, plain(event, { type: 'send' }));
    },
    async view(address) {
      const [stored] = await store.load([address]);
      const kind = kinds.get(address.slice(0, address.indexOf('/')));
      if (stored === undefined || kind === undefined) throw notFound(address);
      const activation = residents.get(address);
      const { status, value, context } = stored.snapshot as Record<string, unknown>;
      return {
        address,
        seq: stored.seq,
        machineVersion: stored.machineVersion,
        resident: activation !== undefined,
        quarantined: stored.quarantined,
        state: status === 'active' ? value : status,
        context,
        allowed: activation === undefined ? [] : allowedCommands(activation),
        timers: stored.timers.map(({ timerId, dueInMs }) => ({ id: timerId, dueAt: inFuture(dueInMs) })),
        effects: stored.effects.map(({ id, name, deadlineInMs }) => ({
          id,
          name,
          deadlineAt: deadlineInMs === null ? null : inFuture(deadlineInMs),
        })),
        mailbox: activation === undefined ? 0 : activation.system.length + activation.user.length,
        stash: stored.stash.map(({ event }) => event.type),
      };
    },
    waitFor: (operationId, timeoutMs) => waiters.waitFor(operationId, timeoutMs),
    async resume(address, by) {
      const activation = residents.activate(address);
      if (activation instanceof BatonError) throw activation;
      supervisor.forgive(address);
      const event = quarantineEvent(activation, 'actor.resumed', { by: by.name });
      inspection.events([await store.quarantine(address, null, event)]);
      residents.drop(activation, errors.fenced({ kind: activation.kind.kind }));
      residents.activate(address);
      timers.expect(0);
    },
  };

  const inFuture = (ms: number): Date => new Date(ports.clock.now() + ms);

  return {
    actors,
    inspection,
    start: () => recovery.start(),
    async stop() {
      stopping = true;
      timers.stop();
      await effects.stopAll();
      await dispatcher.idle();
      await recovery.stop();
    },
    healthy: () => recovery.refusal() === null,
    residents: () => residents.size,
  };
}

type Answer = Parameters<Settle['done']>[0];

const plain = (event: ActorEvent, origin: Envelope['origin']): Envelope => ({
  event,
  origin,
  by: null,
  operation: null,
  settle: null,
  attempts: 0,
});

function notFound(address: Address): BatonError {
  const slash = address.indexOf('/');
  return errors.not_found({ kind: address.slice(0, slash), id: address.slice(slash + 1) });
}

/** Events that only the runtime may send: anybody could otherwise claim that an effect has ended. */
function refuseReserved({ type }: ActorEvent): void {
  if (isReserved(type)) throw new TypeError(`"${type}" is not an event that may be sent.`);
}
