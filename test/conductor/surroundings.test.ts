/** What Baton stands on goes away and comes back: the database, the Docker engine. */
import test from 'ava';
import { BatonError } from '../../src/errors.ts';
import { withDatabase } from '../persistence/database.ts';
import { startTestBaton } from './baton.ts';

const db = withDatabase(test);

const urlOf = ({ host, user, database, port }: typeof db.parts): string =>
  `postgresql://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`;

test.serial(
  'A database that goes away makes commands 503, and everything goes on by itself when it is back',
  async (t) => {
    const baton = await startTestBaton({ BATON_ENGINE: 'simulated', DATABASE_URL: urlOf(db.parts) });
    t.teardown(() => baton.end());
    const id = await baton.create('meadow');
    const other = await baton.create('forest');
    await baton.run('POST', `/api/servers/${other}/stop`);
    const { body: stopping } = await baton.call('POST', `/api/servers/${id}/stop`);
    await db.server.kill();
    const refused = await baton.call('POST', `/api/servers/${other}/start`);
    t.is(refused.status, 503);
    t.is(refused.body.code, 'unavailable');
    t.is((await baton.call('GET', '/readyz')).status, 503);
    t.is((await baton.call('GET', '/healthz')).status, 200);
    await db.server.restart();
    const stopped = await baton.until(id, 'stopped');
    t.is(stopped.operation, null);
    const { body: operation } = await baton.call('GET', `/api/operations/${stopping.operation.id}`);
    t.is(operation.status, 'succeeded');
    t.is((await baton.server(other)).status, 'stopped', 'what was refused was not taken');
    t.is((await baton.run('POST', `/api/servers/${id}/start`)).status, 'succeeded');
    t.is((await baton.call('GET', '/readyz')).status, 200);
  },
);

test.serial('The same database is not given to two of them', async (t) => {
  const first = await startTestBaton({ BATON_ENGINE: 'simulated', DATABASE_URL: urlOf(db.parts) });
  t.teardown(() => first.end());
  const second = startTestBaton({ BATON_ENGINE: 'simulated', DATABASE_URL: urlOf(db.parts) });
  const refused = await t.throwsAsync(second, { instanceOf: BatonError });
  t.is(refused?.code, 'database_in_use');
});

test.serial('Without a Docker engine it runs with a simulated node, and says so', async (t) => {
  const baton = await startTestBaton({ DOCKER_HOST: 'unix:///nowhere/docker.sock' });
  t.teardown(() => baton.end());
  const { status, body } = await baton.call('GET', '/readyz');
  t.is(status, 200);
  t.is(body.node.engine, 'simulated');
  t.regex(body.notes.join(' '), /simulated/);
  const id = await baton.create('meadow');
  t.is((await baton.server(id)).engine, 'simulated');
});
