import type { AnyMachineSnapshot } from 'xstate';
import { errors } from './errors.ts';
import { type InstalledKind, type Kinds, refOf, restoreStored } from './kinds.ts';
import type { Clock } from './ports.ts';
import { allowedCommands } from './refusal.ts';
import type { Residents } from './residents.ts';
import type { CommitStore, StoredActor } from './store.ts';
import type { ActorView, Address } from './types.ts';

export interface ViewParts {
  readonly store: Pick<CommitStore, 'load'>;
  readonly kinds: Kinds;
  readonly residents: Residents;
  readonly clock: Clock;
}

/** What is stored of an actor, with what waits for it in memory. Throws `not_found`. */
export function createView({ store, kinds, residents, clock }: ViewParts): (address: Address) => Promise<ActorView> {
  const inFuture = (ms: number): Date => new Date(clock.now() + ms);

  return async (address) => {
    const { installed, stored, snapshot } = await readActor(store, kinds, address);
    const resident = residents.get(address);
    const { status, value, context } = stored.snapshot as Record<string, unknown>;
    return {
      address,
      seq: stored.seq,
      machineVersion: stored.machineVersion,
      resident: resident !== undefined,
      quarantined: stored.quarantined,
      state: status === 'active' ? value : status,
      context,
      allowed: snapshot === null || stored.quarantined !== null ? [] : allowedCommands(installed, address, snapshot),
      timers: stored.timers.map(({ timerId, dueInMs }) => ({ id: timerId, dueAt: inFuture(dueInMs) })),
      effects: stored.effects.map(({ id, name, deadlineInMs }) => ({
        id,
        name,
        deadlineAt: deadlineInMs === null ? null : inFuture(deadlineInMs),
      })),
      mailbox: resident === undefined ? 0 : resident.system.length + resident.user.length,
      stash: stored.stash.map(({ event }) => event.type),
    };
  };
}

export interface ReadActor {
  readonly installed: InstalledKind;
  readonly stored: StoredActor;
  /** Null when its machine no longer knows the stored state. */
  readonly snapshot: AnyMachineSnapshot | null;
}

/** Reads an actor without activating it. Throws `not_found`. */
export async function readActor(store: Pick<CommitStore, 'load'>, kinds: Kinds, address: Address): Promise<ReadActor> {
  const installed = kinds.of(address);
  const [stored] = installed === undefined ? [] : await store.load([address], 1);
  if (stored === undefined || installed === undefined) throw errors.not_found(refOf(address));
  return { installed, stored, snapshot: restoreIfKnown(installed, stored) };
}

function restoreIfKnown(installed: InstalledKind, stored: StoredActor): AnyMachineSnapshot | null {
  try {
    return restoreStored(installed, stored);
  } catch {
    return null;
  }
}
