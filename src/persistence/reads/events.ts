import type { MikroORM } from '@mikro-orm/postgresql';
import type { Reads } from '../../conductor/interfaces/reads.ts';
import { LiveEvent } from '../entities/index.ts';
import { uuidFilter } from './filters.ts';

export function eventReads(orm: MikroORM): Pick<Reads, 'events' | 'lastEventSeq'> {
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
    async lastEventSeq() {
      const [newest] = await orm.em.fork().find(LiveEvent, {}, { orderBy: { seq: 'desc' }, limit: 1, fields: ['seq'] });
      return newest?.seq ?? 0;
    },
  };
}
