import type { MikroORM } from '@mikro-orm/postgresql';
import type { Reads } from '../../conductor/interfaces/reads.ts';
import { LiveEvent } from '../entities/index.ts';
import { uuidFilter } from './filters.ts';

export function eventReads(orm: MikroORM): Pick<Reads, 'events' | 'firstEventSeq' | 'lastEventSeq'> {
  return {
    async events(since, limit, ownerId) {
      const owned = ownerId === undefined ? {} : { ownerId: uuidFilter('owner_id', ownerId) };
      const rows = await orm.em
        .fork()
        .find(LiveEvent, { seq: { $gt: since }, ...owned }, { orderBy: { seq: 'asc' }, limit });
      return rows.map(({ seq, type, subjectKind, subjectId, ownerId, data, at }) => ({
        seq,
        type,
        subject: { kind: subjectKind, id: subjectId },
        ownerId,
        data,
        at,
      }));
    },
    firstEventSeq: () => outermost(orm, 'asc'),
    lastEventSeq: () => outermost(orm, 'desc'),
  };
}

async function outermost(orm: MikroORM, seq: 'asc' | 'desc'): Promise<number> {
  const [found] = await orm.em.fork().find(LiveEvent, {}, { orderBy: { seq }, limit: 1, fields: ['seq'] });
  return found?.seq ?? 0;
}
