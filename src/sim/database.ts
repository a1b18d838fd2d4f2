/** The database of the simulation: tables that outlive every process, a clock of its own, and a way to it that may be closed. */
import type { CommitResult, CommitStore, TurnCommit } from '../actors/store.ts';
import type { Reads } from '../conductor/interfaces/reads.ts';
import type { DeadLetterStore, NodeStore, PortStore } from '../conductor/interfaces/stores.ts';
import { errors } from '../persistence/errors.ts';
import type { Seams } from './defects/index.ts';
import { BEGINNING, type ClockError } from './life.ts';
import type { Link } from './link.ts';
import { remote } from './remote.ts';
import { createMemoryReads } from './store/reads.ts';
import { memoryDeadLetters, memoryNodes, memoryPorts } from './store/repositories.ts';
import { createMemoryStore } from './store/store.ts';
import type { Tables } from './store/tables.ts';
import type { Time } from './time.ts';
import { createWeather, type Weather } from './weather.ts';

/** The database, as one process has it. */
export interface DatabaseClient {
  readonly store: CommitStore;
  readonly reads: Reads;
  readonly repositories: NodeStore & PortStore;
  readonly deadLetters: DeadLetterStore;
}

export interface SimDatabase {
  readonly tables: Tables;
  readonly weather: Weather;
  readonly clock: ClockError;
  connect(link: Link): DatabaseClient;
}

/** Told at the moment at which a transaction is committed, before anybody hears of it. Must not throw. */
export type OnCommit = (turns: readonly TurnCommit[], results: readonly CommitResult[]) => void;

/** One way, on a calm day: the same machine or the same room. */
const LATENCY_MS = [0.1, 1.5] as const;

/** After which a statement is given up (`BATON_DATABASE_STATEMENT_TIMEOUT_MS`). */
const STATEMENT_MS = 10_000;

export interface SimDatabaseParts {
  readonly tables: Tables;
  readonly time: Time;
  readonly clock: ClockError;
  readonly newId: () => string;
  readonly onCommit: OnCommit;
  readonly seams: Pick<Seams, 'store'>;
}

export function createSimDatabase({ tables, time, clock, newId, onCommit, seams }: SimDatabaseParts): SimDatabase {
  const now = (): number => Math.round(BEGINNING + time.now() * (1 + clock.ppm / 1e6) + clock.offsetMs);
  const sound = createMemoryStore(tables, now, newId);
  const memory = seams.store?.(sound, tables) ?? sound;
  const store: CommitStore = {
    ...memory,
    async commit(turns) {
      const results = await memory.commit(turns);
      onCommit(turns, results);
      return results;
    },
  };
  const reads = createMemoryReads(tables);
  const repositories = { ...memoryNodes(tables, now, newId), ...memoryPorts(tables) };
  const deadLetters = memoryDeadLetters(tables);
  return {
    tables,
    weather: createWeather(LATENCY_MS),
    clock,
    connect(link) {
      const failure = (late: boolean) =>
        errors.unavailable({ reason: late ? 'it did not answer in time' : 'the connection was refused or broke' });
      const away = <T extends object>(part: string, object: T): T =>
        remote(object, { part, link, deadlineMs: STATEMENT_MS, failure });
      return {
        store: away('store', store),
        reads: away('reads', reads),
        repositories: away('repositories', repositories),
        deadLetters: away('letters', deadLetters),
      };
    },
  };
}
