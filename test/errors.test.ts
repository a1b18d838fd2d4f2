import { readFile } from 'node:fs/promises';
import test from 'ava';
import { z } from 'zod';
import { repository, sources } from './house/sources.ts';

const Module = z.object({
  errors: z.record(
    z.string(),
    z.custom<{ code: string; spec: { status: number; retry: string } }>((entry) => typeof entry === 'function'),
  ),
});

/** `src/http/errors.ts` → `http`, as the sections of docs/errors.md are called. */
const roomOf = (path: string): string => path.replace(/^src\//, '').replace(/\/errors\.ts$/, '');

async function catalogues(): Promise<Map<string, Map<string, string>>> {
  const rooms = new Map<string, Map<string, string>>();
  for (const path of (await sources('{src,config}/**/errors.ts')).keys()) {
    if (path === 'src/errors.ts') continue;
    const { errors } = Module.parse(await import(`${repository}${path}`));
    const codes = Object.values(errors).map(({ code, spec }) => [code, `${spec.status} ${spec.retry}`] as const);
    rooms.set(roomOf(path), new Map(codes));
  }
  return rooms;
}

async function documented(): Promise<Map<string, Map<string, string>>> {
  const rooms = new Map<string, Map<string, string>>();
  const text = await readFile(`${repository}docs/errors.md`, 'utf8');
  for (const section of text.split(/^## /m).slice(1)) {
    const rows = section.matchAll(/^\| `([^`]+)` \| (\d+) \| (\w+) \| \S.* \|$/gm);
    rooms.set(
      section.slice(0, section.indexOf('\n')).trim(),
      new Map([...rows].map(([, code, status, retry]) => [code ?? '', `${status} ${retry}`])),
    );
  }
  return rooms;
}

test("docs/errors.md says of every room exactly the codes of the room's catalogue", async (t) => {
  const [rooms, sections] = await Promise.all([catalogues(), documented()]);
  t.deepEqual([...sections.keys()].sort(), [...rooms.keys()].sort());
  for (const [room, codes] of rooms) {
    t.deepEqual(
      [...(sections.get(room) ?? [])].sort(),
      [...codes].sort(),
      `the section "${room}" and its catalogue differ`,
    );
  }
});

test('a code that several rooms use means the same in all of them', async (t) => {
  const meanings = new Map<string, string>();
  for (const [room, codes] of await catalogues()) {
    for (const [code, meaning] of codes) {
      t.is(meanings.get(code) ?? meaning, meaning, `${code} of ${room}`);
      meanings.set(code, meaning);
    }
  }
});
