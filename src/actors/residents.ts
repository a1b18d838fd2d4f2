import { BatonError, storedError } from '../errors.ts';
import { type Activation, createActivation, hydrate, isIdle, phaseOf } from './activation.ts';
import type { EffectRunner } from './effects.ts';
import { errors } from './errors.ts';
import { type Kinds, refOf, restoreStored } from './kinds.ts';
import type { RuntimeLimits } from './limits.ts';
import { empty, enqueueRead } from './mailbox.ts';
import type { ActorWithWork, StoredActor, StoredEffect } from './store.ts';
import type { Address } from './types.ts';
import type { Underway } from './underway.ts';

/** The actors in memory. */
export interface Residents {
  /** The activation of an address, loading it if need be; an error for an address of no known kind. */
  activate(address: Address): Activation | BatonError;
  get(address: Address): Activation | undefined;
  /** Lets go of an activation; those who wait in its mailbox get the error, what is stored is read again later. */
  drop(activation: Activation, error: BatonError): void;
  /** Reads an actor again, keeping those who wait in its mailbox. */
  reload(activation: Activation): void;
  /** Activates an actor that has work, or reads it again when what we hold has fallen behind what the store says. */
  refresh(work: ActorWithWork): void;
  /** Lets go of all that have nothing to do. */
  dropIdle(): void;
  /** Lets go of all of them, and activates none any more. */
  close(error: BatonError): void;
  /** Passivates actors while there are more than the limit allows. */
  trim(): void;
  readonly size: number;
}

export interface ResidentsParts {
  readonly kinds: Kinds;
  readonly limits: RuntimeLimits;
  readonly load: (address: Address) => Promise<StoredActor | null>;
  readonly effects: EffectRunner;
  readonly underway: Underway;
  readonly report: (message: string, details: Record<string, unknown>) => void;
  /** A stored effect must run again, or its outcome be told again. */
  readonly pickUp: (activation: Activation, effect: StoredEffect) => void;
  /** The stored state cannot be used: nothing may be asked of the actor until an operator has looked at it. */
  readonly setAside: (activation: Activation, error: unknown) => Promise<void>;
  readonly ready: (activation: Activation) => void;
  readonly unreachable: (activation: Activation, error: unknown) => void;
}

/** How many of the least recently used are looked at when one must go. */
const PASSIVATION_LOOKS = 64;

export function createResidents(parts: ResidentsParts): Residents {
  const { kinds, limits, effects, load } = parts;
  /** In order of last use: a Map keeps the order of insertion, and each use inserts again. */
  const resident = new Map<Address, Activation>();
  /** Why nothing is activated any more. */
  let closed: BatonError | null = null;

  function activate(address: Address): Activation | BatonError {
    const present = resident.get(address);
    if (present !== undefined) {
      used(present);
      return present;
    }
    if (closed !== null) return closed;
    const installed = kinds.of(address);
    if (installed === undefined) return errors.not_found(refOf(address));
    const activation = createActivation(address, installed);
    resident.set(address, activation);
    trim();
    parts.underway.track(become(activation));
    return activation;
  }

  async function become(activation: Activation): Promise<void> {
    try {
      const stored = await load(activation.address);
      if (phaseOf(activation) !== 'loading') return;
      if (stored === null) effects.retain(activation.address, []);
      else await adopt(activation, stored);
    } catch (error) {
      parts.report('An actor could not be loaded.', { address: activation.address, error: storedError(error) });
      return parts.unreachable(activation, error);
    }
    if (phaseOf(activation) !== 'loading') return;
    activation.phase = 'idle';
    parts.ready(activation);
    if (activation.seq === 0 && isIdle(activation)) forget(activation);
  }

  /** Takes over the stored state and picks up what was under way: messages, outcomes, effects that must run again. */
  async function adopt(activation: Activation, stored: StoredActor): Promise<void> {
    hydrate(activation, stored);
    effects.retain(
      activation.address,
      stored.effects.map(({ id }) => id),
    );
    try {
      activation.snapshot = restoreStored(activation, stored);
    } catch (error) {
      if (stored.quarantined === null) await parts.setAside(activation, error);
    }
    if (activation.quarantined !== null) return;
    enqueueRead(activation, stored.messages, limits.mailboxDepth);
    for (const effect of stored.effects) parts.pickUp(activation, effect);
  }

  function used(activation: Activation): void {
    resident.delete(activation.address);
    resident.set(activation.address, activation);
  }

  /** Looks at a few of the least recently used; those that are busy count as used, so that the next look finds others. */
  function trim(): void {
    if (resident.size <= limits.residentActors) return;
    let looks = 0;
    for (const activation of resident.values()) {
      if (resident.size <= limits.residentActors || looks === PASSIVATION_LOOKS) return;
      looks += 1;
      if (isIdle(activation) && !effects.busy(activation.address)) forget(activation);
      else used(activation);
    }
  }

  function forget(activation: Activation): void {
    activation.phase = 'dropped';
    if (resident.get(activation.address) === activation) resident.delete(activation.address);
  }

  function drop(activation: Activation, error: BatonError): void {
    forget(activation);
    empty(activation, error);
  }

  function reload(activation: Activation): void {
    forget(activation);
    const next = activate(activation.address);
    if (next instanceof BatonError) return empty(activation, next);
    next.user.push(...activation.user.splice(0));
    next.system.push(...activation.system.splice(0).filter(({ origin }) => origin.type !== 'message'));
  }

  return {
    activate,
    get: (address) => resident.get(address),
    drop,
    reload,
    refresh({ address, seq, messages }) {
      const present = resident.get(address);
      if (present === undefined) return void activate(address);
      if (!isIdle(present) || present.quarantined !== null) return;
      const stranded = [...present.effects.values()].some((id) => !effects.holds(id));
      if (present.seq < seq || messages || stranded) reload(present);
    },
    dropIdle() {
      for (const activation of resident.values()) if (isIdle(activation)) forget(activation);
    },
    close(error) {
      closed = error;
      for (const activation of resident.values()) drop(activation, error);
    },
    trim,
    get size() {
      return resident.size;
    },
  };
}
