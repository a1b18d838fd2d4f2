import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { pino } from 'pino';
import { loadSettings } from '../config/settings.ts';
import { systemPorts } from '../src/actors/system-ports.ts';
import type { NodeStore } from '../src/conductor/interfaces/stores.ts';
import { openLocalNodes } from '../src/local-nodes.ts';

test('with another database, the worlds of the first one stay where they are, and the log says so', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-local-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const settings = loadSettings({ BATON_DATA_DIR: dataDir, BATON_ENGINE: 'simulated' });
  /** Of a database that gives its nodes this id. */
  const open = (id: string) => {
    const store = { nodes: async () => [], upsertNode: async (row: object) => ({ id, ...row }) };
    const parts = { settings, ports: systemPorts, log: pino({ level: 'silent' }), fault: null };
    return openLocalNodes({ ...parts, store: store as unknown as NodeStore });
  };
  const sayNothing = (notes: readonly string[]) => notes.every((note) => !note.includes('this database'));

  const first = await open('first');
  const { worlds } = first.home.host;
  await worlds.ensure({ serverId: 's', epoch: 1, ownerId: 'o', user: '' });
  await writeFile(join(worlds.dataDir('s'), 'level.dat'), 'precious');
  t.true(sayNothing((await open('first')).notes));

  const second = await open('second');
  t.regex(second.notes.join('\n'), /worlds\/simulated\/servers, 1 were not made with this database/);
  t.deepEqual((await second.home.link.observe(AbortSignal.timeout(10_000))).worlds, []);
  t.deepEqual(await readdir(worlds.dataDir('s')), ['level.dat']);
});
