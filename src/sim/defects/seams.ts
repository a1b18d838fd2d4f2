/**
 * Where a defect can be planted from outside: what one part gets of another is wrapped on its way there. Production code knows
 * nothing of it.
 */
import type { Clock } from '../../actors/ports.ts';
import type { CommitStore } from '../../actors/store.ts';
import type { ActorKind } from '../../actors/types.ts';
import type { NodeLink } from '../../conductor/interfaces/link.ts';
import type { LeaseBook } from '../../conductor/node/lease-book.ts';
import type { NodeMachine } from '../../machines/node/index.ts';
import type { ServerMachine } from '../../machines/server/index.ts';
import type { DatabaseClient } from '../database.ts';
import type { Helper } from '../node/helper.ts';
import type { Watchdog } from '../node/watchdog.ts';
import type { Tables } from '../store/tables.ts';

export interface Charts {
  readonly server: ServerMachine;
  readonly node: NodeMachine;
}

export interface Seams {
  /** The database, as a process has it. Called once a life. */
  readonly client?: (client: DatabaseClient) => DatabaseClient;
  /** The store, inside of the database. */
  readonly store?: (store: CommitStore, tables: Tables) => CommitStore;
  readonly charts?: (charts: Charts) => Charts;
  readonly nodeKind?: (kind: ActorKind, clock: Clock) => ActorKind;
  readonly link?: (link: NodeLink, clock: Clock) => NodeLink;
  readonly leases?: (book: LeaseBook) => LeaseBook;
  readonly helper?: (helper: Helper) => Helper;
  readonly watchdog?: (watchdog: Watchdog) => Watchdog;
  /** What a machine remembers of the epochs of servers. */
  readonly serverEpochs?: (epochs: Map<string, number>) => Map<string, number>;
  /** What a machine does to close a connection. */
  readonly hangUp?: (hangUp: () => void) => void;
}

export interface Defect {
  readonly name: string;
  /** As a sentence, for the table. */
  readonly what: string;
  readonly seams: Seams;
}
