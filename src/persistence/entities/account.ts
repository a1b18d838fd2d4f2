import { defineEntity, p } from '@mikro-orm/core';

/** Who owns servers. */
export const Account = defineEntity({
  name: 'Account',
  tableName: 'accounts',
  properties: {
    id: p.uuid().primary(),
    name: p.text().unique('accounts_name_key'),
    role: p.text(),
    createdAt: p.datetime(3).defaultRaw('now()'),
  },
});
