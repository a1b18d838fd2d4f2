import test from 'ava';
import { withDatabase } from './database.ts';

const db = withDatabase(test);

test('what MikroORM knows of the schema is what the migrations made', async (t) => {
  t.is(await db.database.orm.schema.getUpdateSchemaSQL({ wrap: false }), '');
});
