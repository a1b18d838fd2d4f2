import type { FilterQuery, InferEntity, MikroORM } from '@mikro-orm/postgresql';
import type { ActorRow, JournalRow, Reads } from '../../conductor/interfaces/reads.ts';
import { Actor, DeadLetter, JournalEntry } from '../entities/index.ts';
import { page } from './page.ts';

type Entry = InferEntity<typeof JournalEntry>;
type ActorEntity = InferEntity<typeof Actor>;

const JOURNAL = {
  entity: JournalEntry,
  key: 'id',
  defaultSort: '-seq',
  sortable: { id: 'number', seq: 'number', at: 'time' },
} as const;

const ACTORS = {
  entity: Actor,
  key: 'address',
  defaultSort: 'address',
  sortable: { address: 'text', kind: 'text', status: 'text', updatedAt: 'time' },
} as const;

const DEAD_LETTERS = {
  entity: DeadLetter,
  key: 'id',
  defaultSort: '-at',
  sortable: { id: 'uuid', at: 'time', address: 'text', attempts: 'number' },
} as const;

export function actorReads(orm: MikroORM): Pick<Reads, 'journal' | 'actors' | 'deadLetters'> {
  return {
    async journal(address, request) {
      const found = await page(orm, JOURNAL, { address }, request);
      return { ...found, items: found.items.map(toJournalRow) };
    },
    async actors({ kind, quarantined }, request) {
      const where: FilterQuery<ActorEntity> & object = {
        ...(kind !== undefined && { kind }),
        ...(quarantined !== undefined && { quarantined: quarantined ? { $ne: null } : null }),
      };
      const found = await page(orm, ACTORS, where, request);
      return { ...found, items: found.items.map(toActorRow) };
    },
    async deadLetters(request) {
      const found = await page(orm, DEAD_LETTERS, {}, request);
      return { ...found, items: found.items.map((letter) => ({ ...letter })) };
    },
  };
}

function toJournalRow({ id, fromState, toState, ...entry }: Entry): JournalRow {
  return { ...entry, id: String(id), from: fromState ?? null, to: toState };
}

function toActorRow({ address, kind, seq, status, quarantined, updatedAt }: ActorEntity): ActorRow {
  return { address, kind, seq, status, quarantined, updatedAt };
}
