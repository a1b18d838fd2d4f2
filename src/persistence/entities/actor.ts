import { defineEntity, p } from '@mikro-orm/core';
import type { Address } from '../../actors/types.ts';
import type { StoredError } from '../../errors.ts';

/** The one committed row of an actor. The snapshot is large: it is loaded only when it is asked for. */
export const Actor = defineEntity({
  name: 'Actor',
  tableName: 'actors',
  indexes: [{ name: 'actors_quarantined', properties: ['address'], where: 'quarantined is not null' }],
  properties: {
    address: p.text().$type<Address>().primary(),
    kind: p.text().index('actors_kind'),
    shard: p.smallint(),
    seq: p.bigint('number'),
    machineVersion: p.text(),
    status: p.text(),
    snapshot: p.json<unknown>().columnType('json').lazy(),
    quarantined: p.json<StoredError>().strictNullable(),
    updatedAt: p.datetime(3).defaultRaw('now()'),
  },
});
