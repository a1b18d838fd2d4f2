import type { AccountStore } from '../../conductor/interfaces/stores.ts';
import type { Database } from '../database.ts';
import { Account } from '../entities/index.ts';
import { translating } from '../errors.ts';

const ADMIN = 'admin';

/** @param newId makes a UUIDv7 */
export function accountStore({ orm }: Database, newId: () => string): AccountStore {
  return {
    ensureAdmin: () =>
      translating(async () => {
        const { id, name } = await orm.em
          .fork()
          .upsert(
            Account,
            { id: newId(), name: ADMIN, role: ADMIN },
            { onConflictFields: ['name'], onConflictAction: 'ignore' },
          );
        return { id, name };
      }),
  };
}
