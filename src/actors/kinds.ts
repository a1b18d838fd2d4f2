import type { AnyMachineSnapshot } from 'xstate';
import { errors } from './errors.ts';
import type { RuntimeLimits } from './limits.ts';
import type { StoredActor } from './store.ts';
import type { ActorKind, Address } from './types.ts';
import { createInterpreter, type Interpreter } from './xstate.ts';

/** A kind of actor with what steps its machine. */
export interface InstalledKind {
  readonly kind: ActorKind;
  readonly interpreter: Interpreter;
  /** Of the machine; a machine without one is `0` for ever. */
  readonly version: string;
}

export interface Kinds {
  /** The kind of an address; undefined when it is unknown or the text is no address. */
  of(address: string): InstalledKind | undefined;
}

export function installKinds(kinds: readonly ActorKind[], limits: Pick<RuntimeLimits, 'microsteps'>): Kinds {
  const installed = new Map<string, InstalledKind>(
    kinds.map((kind) => [
      kind.kind,
      {
        kind,
        interpreter: createInterpreter(kind.machine, limits.microsteps),
        version: String(kind.machine.version ?? '0'),
      },
    ]),
  );
  return {
    of(address) {
      const slash = address.indexOf('/');
      return slash < 1 || slash === address.length - 1 ? undefined : installed.get(address.slice(0, slash));
    },
  };
}

/**
 * The live form of a stored state, brought up to date if an older machine stored it. Throws `incompatible_snapshot` when it
 * cannot be, and what `migrate` or XState throw when the machine no longer knows the state.
 */
export function restoreStored(installed: InstalledKind, stored: StoredActor): AnyMachineSnapshot {
  const { kind, interpreter, version } = installed;
  return interpreter.restore(stored.address, current(kind, version, stored));
}

function current(kind: ActorKind, version: string, { machineVersion, snapshot }: StoredActor): unknown {
  if (machineVersion === version) return snapshot;
  if (kind.migrate === undefined) throw errors.incompatible_snapshot({ stored: machineVersion, installed: version });
  return kind.migrate(snapshot, machineVersion);
}

/** The id in an address of a known kind, for errors. */
export function refOf(address: Address): { readonly kind: string; readonly id: string } {
  const slash = address.indexOf('/');
  return { kind: address.slice(0, slash), id: address.slice(slash + 1) };
}
