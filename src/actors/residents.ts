import { BatonError, storedError } from '../errors.ts';
import { type Activation, createActivation, type Envelope, hydrate, isIdle } from './activation.ts';
import { parseAddress, shardOf } from './address.ts';
import { isUnavailable } from './committer.ts';
import type { EffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import type { RuntimeLimits } from './limits.ts';
import type { StoredActor, StoredEffect } from './store.ts';
import type { ActorKind, Address } from './types.ts';
import { createInterpreter, type Interpreter } from './xstate.ts';

/** The actors in memory. */
export interface Residents {
  /** The activation of an address, loading it if need be; an error for an address of no known kind. */
  activate(address: Address): Activation | BatonError;
  get(address: Address): Activation | undefined;
  /** Lets go of an activation; those who wait in its mailbox get the error, what is stored is read again later. */
  drop(activation: Activation, error: BatonError): void;
  /** Reads an actor again, keeping those who wait in its mailbox. */
  reload(activation: Activation): void;
  /** Lets go of all that have nothing to do. */
  dropIdle(): void;
  readonly size: number;
}

export interface ResidentsParts {
  readonly kinds: ReadonlyMap<string, ActorKind>;
  readonly limits: RuntimeLimits;
  readonly load: (address: Address) => Promise<StoredActor | null>;
  readonly effects: EffectRunner;
  readonly outage: (error: unknown) => void;
  readonly report: (message: string, details: Record<string, unknown>) => void;
  /** A stored effect must run again, or its outcome be told again. */
  readonly pickUp: (activation: Activation, effect: StoredEffect) => void;
  /** The stored state cannot be used: nothing may be asked of the actor until an operator has looked at it. */
  readonly unusable: (activation: Activation, error: unknown) => Promise<void>;
  readonly ready: (activation: Activation) => void;
}

const PASSIVATION_LOOKS = 64;

export function createResidents(parts: ResidentsParts): Residents {
  const { kinds, limits, effects } = parts;
  /** In order of last use: a Map keeps the order of insertion, and each use inserts again. */
  const resident = new Map<Address, Activation>();
  const interpreters = new Map<string, Interpreter>(
    [...kinds].map(([name, kind]) => [name, createInterpreter(kind.machine)]),
  );

  function activate(address: Address): Activation | BatonError {
    const present = resident.get(address);
    if (present !== undefined) {
      resident.delete(address);
      resident.set(address, present);
      return present;
    }
    const name = parseAddress(address).kind;
    const kind = kinds.get(name);
    const interpreter = interpreters.get(name);
    if (kind === undefined || interpreter === undefined) {
      return errors.not_found({ kind: 'kind of actor', id: name });
    }
    const activation = createActivation(address, kind, interpreter, shardOf(address));
    resident.set(address, activation);
    if (resident.size > limits.residentActors) passivate();
    void load(activation);
    return activation;
  }

  async function load(activation: Activation): Promise<void> {
    try {
      const stored = await parts.load(activation.address);
      if (activation.phase !== 'loading') return;
      if (stored !== null) await adoptOrSetAside(activation, stored);
      activation.phase = 'idle';
      parts.ready(activation);
      if (activation.seq === 0 && isIdle(activation)) forget(activation);
    } catch (thrown) {
      const error = thrown instanceof BatonError ? thrown : errors.fenced({ kind: activation.kind.kind });
      parts.report('An actor could not be loaded.', { address: activation.address, error: storedError(thrown) });
      drop(activation, error);
      if (isUnavailable(thrown)) parts.outage(thrown);
    }
  }

  async function adoptOrSetAside(activation: Activation, stored: StoredActor): Promise<void> {
    try {
      adopt(activation, stored);
    } catch (error) {
      await parts.unusable(activation, error);
    }
  }

  /** Takes over the stored state and picks up what was under way: messages, outcomes, effects that must run again. */
  function adopt(activation: Activation, stored: StoredActor): void {
    const { kind, interpreter, address } = activation;
    hydrate(activation, stored, interpreter.restore(address, migrated(kind, stored)));
    if (stored.quarantined !== null) return;
    for (const { id, event, sender } of stored.messages) {
      activation.system.push(envelopeOf(event, { type: 'message', id }, sender));
    }
    for (const effect of stored.effects) parts.pickUp(activation, effect);
  }

  /** Looks at a few of the least recently used; those that are busy count as used, so that the next look finds others. */
  function passivate(): void {
    let looks = 0;
    for (const activation of resident.values()) {
      looks += 1;
      if (resident.size <= limits.residentActors || looks > PASSIVATION_LOOKS) return;
      const busy = [...activation.effects.values()].some((id) => effects.isRunning(id));
      if (isIdle(activation) && !busy && activation.stash.length === 0) {
        forget(activation);
      } else {
        resident.delete(activation.address);
        resident.set(activation.address, activation);
      }
    }
  }

  function forget(activation: Activation): void {
    activation.phase = 'dropped';
    if (resident.get(activation.address) === activation) resident.delete(activation.address);
  }

  function drop(activation: Activation, error: BatonError): void {
    forget(activation);
    activation.system.length = 0;
    for (const waiting of activation.user.splice(0)) waiting.settle?.failed(error);
  }

  return {
    activate,
    get: (address) => resident.get(address),
    drop,
    reload(activation) {
      forget(activation);
      const next = activate(activation.address);
      if (!(next instanceof BatonError)) next.user.push(...activation.user.splice(0));
    },
    dropIdle() {
      for (const activation of resident.values()) if (isIdle(activation)) forget(activation);
    },
    get size() {
      return resident.size;
    },
  };
}

const envelopeOf = (event: Envelope['event'], origin: Envelope['origin'], by: string | null): Envelope => ({
  event,
  origin,
  by,
  operation: null,
  settle: null,
  attempts: 0,
});

function migrated(kind: ActorKind, stored: StoredActor): unknown {
  const installed = String(kind.machine.version ?? '0');
  if (stored.machineVersion === installed) return stored.snapshot;
  if (kind.migrate === undefined) {
    throw errors.incompatible_snapshot({ stored: stored.machineVersion, installed });
  }
  return kind.migrate(stored.snapshot, stored.machineVersion);
}
