import type {
  AccountStore,
  DeadLetterStore,
  Housekeeping,
  NodeStore,
  PortStore,
} from '../../conductor/interfaces/stores.ts';
import type { Database } from '../database.ts';
import { accountStore } from './accounts.ts';
import { deadLetterStore } from './dead-letters.ts';
import { housekeeping } from './housekeeping.ts';
import { nodeStore } from './nodes.ts';
import { portStore } from './ports.ts';

export type Repositories = AccountStore &
  NodeStore &
  PortStore &
  Housekeeping & { readonly deadLetters: DeadLetterStore };

/**
 * Everything that the conductor keeps besides actors.
 * @param newId makes a UUIDv7
 */
export function openRepositories(database: Database, newId: () => string): Repositories {
  return {
    ...accountStore(database, newId),
    ...nodeStore(database, newId),
    ...portStore(database),
    ...housekeeping(database),
    deadLetters: deadLetterStore(database),
  };
}
