import { readFile } from 'node:fs/promises';
import test from 'ava';
import { z } from 'zod';
import { repository } from './sources.ts';

const Lock = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() })),
});
const Package = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

const read = (path: string): Promise<string> => readFile(`${repository}${path}`, 'utf8');

test('every dependency has its line in docs/dependencies.md, and every line its dependency', async (t) => {
  const { dependencies, devDependencies } = Package.parse(JSON.parse(await read('package.json')));
  const lines = (await read('docs/dependencies.md')).matchAll(/^\| `([^`]+)` \| .+ \| .+ \|$/gm);
  t.deepEqual(
    [...lines].map(([, name]) => name).sort(),
    [...Object.keys({ ...dependencies, ...devDependencies })].sort(),
  );
});

test('every dependency is pinned to one version', async (t) => {
  const { dependencies, devDependencies } = Package.parse(JSON.parse(await read('package.json')));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    t.regex(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  }
});

test('the lock names the optional packages of every platform, without which npm ci refuses it', async (t) => {
  const { packages } = Lock.parse(JSON.parse(await read('package-lock.json')));
  const named = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)));
  const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
  t.deepEqual(
    wanted.filter((name) => !named.has(name)),
    [],
  );
});
