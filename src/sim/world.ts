/** All there is in one run: machines, the database, Baton's host, the people who use it, and who watches over the promises. */
import type { Settings } from '../../config/settings.ts';
import type { CommitResult, TurnCommit } from '../actors/store.ts';
import type { Principal } from '../actors/types.ts';
import type { ContainerSpec } from '../conductor/interfaces/engine.ts';
import type { Games } from '../conductor/interfaces/games.ts';
import type { SimDatabase } from './database.ts';
import type { BatonHost } from './host.ts';
import type { ClockError } from './life.ts';
import type { Machine } from './node/machine.ts';
import type { Sshd } from './node/sshd.ts';
import type { Random } from './random.ts';
import type { Tables } from './store/tables.ts';
import type { Time } from './time.ts';
import type { Trace } from './trace.ts';
import type { Users } from './users.ts';
import type { Weather } from './weather.ts';

/** A machine, and how it is on the way to it. */
export interface Place {
  readonly machine: Machine;
  readonly weather: Weather;
  /** False for the machine that Baton runs on. */
  readonly remote: boolean;
}

/** The machine's name behind a node's id; null for a node that there is not. */
export const machineOf = ({ nodes }: Tables, nodeId: string | null): string | null =>
  nodeId === null ? null : (nodes.get(nodeId)?.name ?? null);

export interface World {
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly settings: Settings;
  readonly games: Games;
  readonly tables: Tables;
  readonly database: SimDatabase;
  readonly places: readonly Place[];
  readonly sshd: Sshd;
  readonly host: BatonHost;
  /** On the way between people and Baton. */
  readonly wire: Weather;
  /** Of the machine that Baton runs on. */
  readonly clock: ClockError;
  readonly users: Users;
  /** Who looks after the machines. */
  readonly operator: Principal;
}

/** A promise that must hold all the time. Each is told of what it is about, and says what is wrong with `violation`. */
export interface Invariant {
  /** Turns were committed. */
  onCommit?(turns: readonly TurnCommit[], results: readonly CommitResult[]): void;
  /** A container began or ceased to execute. */
  onContainers?(): void;
  /** A game has written into its world. */
  onWrite?(machine: string, spec: ContainerSpec): void;
  /** Once a second of virtual time. */
  onSecond?(): void;
  /** After everything was healed and came to rest, or did not in time. */
  atEnd?(): void;
}

export type Violation = (text: string) => void;
export type MakeInvariant = (world: World, violation: Violation) => Invariant;
