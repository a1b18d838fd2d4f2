/** What a Baton that was killed finds again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { compileInto, startBaton } from '../crash/baton.ts';
import { createClient } from '../crash/client.ts';
import { seeded } from '../crash/random.ts';
import { settingsOf, TOKEN } from '../crash/settings.ts';

const WANTED = { name: 'early', template: 'flying-squid', ram_mb: 512, start: true };

/** In which its ports are reserved for the second time: it has been given room, and does not know it yet. */
const HAS_ROOM = 'ports.reservePorts.before:2';

test('a server that was given room before Baton died starts with it, and does not wait for other room', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-restart-'));
  const compiled = join(dataDir, 'compiled');
  const settings = await settingsOf('simulated', seeded(1));
  await compileInto(compiled);
  const first = await startBaton({ dataDir, compiled, settings, fault: HAS_ROOM });
  t.teardown(async () => {
    first.kill();
    await first.exited;
    await rm(dataDir, { recursive: true, force: true });
  });
  const over = AbortSignal.timeout(60_000);
  const url = await first.ready;
  const ask = createClient(TOKEN, async () => url ?? '', over).ask;
  const { body } = await ask({ method: 'POST', path: '/api/servers', key: 'early', body: WANTED });
  const { server, operation } = body as { server: { id: string }; operation: { id: string } };
  t.is((await first.exited).signal, 'SIGKILL');

  const second = await startBaton({ dataDir, compiled, settings, fault: null });
  t.teardown(async () => {
    second.stop();
    await second.exited;
  });
  const again = await second.ready;
  const client = createClient(TOKEN, async () => again ?? '', over);
  await client.ask({ method: 'GET', path: `/api/operations/${operation.id}`, waitSeconds: 30 });
  const { items } = (await client.ask({ method: 'GET', path: `/api/actors/server/${server.id}/turns?limit=100` }))
    .body as {
    items: { to: string }[];
  };
  const states = items.map(({ to }) => to.split('.')[0]);
  t.true(states.includes('running'), states.join());
  t.false(states.includes('queued'), states.join());
});
