import { LockMode } from '@mikro-orm/postgresql';
import type { DeadLetterStore } from '../../conductor/interfaces/stores.ts';
import type { Database } from '../database.ts';
import { DeadLetter } from '../entities/index.ts';
import { translating } from '../errors.ts';
import { isUuid } from '../uuid.ts';

export function deadLetterStore({ orm }: Database): DeadLetterStore {
  return {
    async take(id, deliver) {
      if (!isUuid(id)) return null;
      return translating(() =>
        orm.em.fork().transactional(async (em) => {
          const found = await em.findOne(DeadLetter, id, { lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE });
          if (found === null) return null;
          const letter = { ...found };
          await deliver(letter);
          await em.nativeDelete(DeadLetter, { id });
          return letter;
        }),
      );
    },
    async discard(id) {
      if (!isUuid(id)) return false;
      return translating(async () => (await orm.em.fork().nativeDelete(DeadLetter, { id })) > 0);
    },
  };
}
