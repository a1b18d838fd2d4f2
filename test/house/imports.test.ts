import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));
const config = join(repository, '.dependency-cruiser.mjs');
const Rules = z.object({ default: z.object({ forbidden: z.array(z.object({ name: z.string() })) }) });
const Report = z.object({
  summary: z.object({ violations: z.array(z.object({ from: z.string(), rule: z.object({ name: z.string() }) })) }),
});

/** Runs the house's own rules on a directory; returns `file: rule`, sorted. */
async function violations(directory: string): Promise<string[]> {
  const args = ['--config', config, '--output-type', 'json', 'src', 'config', 'test', 'bench'];
  const { stdout } = await run(join(repository, 'node_modules/.bin/depcruise'), args, {
    cwd: directory,
    maxBuffer: 64 * 1024 * 1024,
  });
  const { summary } = Report.parse(JSON.parse(stdout));
  return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`).sort();
}

async function house(t: ExecutionContext, files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-house-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const packages = ['xstate', 'dockerode', 'ssh2', 'pg', 'koa'];
  const manifest = { type: 'module', dependencies: Object.fromEntries(packages.map((name) => [name, '1.0.0'])) };
  const installed: [string, string][] = [...packages, 'ava'].flatMap((name) => [
    [
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', type: 'module', exports: './index.js' }),
    ],
    [`node_modules/${name}/index.js`, 'export {};'],
  ]);
  const all = {
    ...Object.fromEntries(installed),
    'package.json': JSON.stringify({ ...manifest, devDependencies: { ava: '1.0.0' } }),
    'bench/main.ts': '',
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  await copyFile(join(repository, 'tsconfig.json'), join(directory, 'tsconfig.json'));
  return directory;
}

/** A small house in which everything is in its place. */
const GOOD = {
  'src/errors.ts': 'export const catalogue = 1;',
  'src/actors/types.ts': "import type { catalogue } from '../errors.ts'; export type A = typeof catalogue;",
  'src/actors/runtime.ts': 'export const runtime = 1;',
  'src/machines/server/types.ts': "import 'xstate'; import type { A } from '../../actors/types.ts'; export type M = A;",
  'src/machines/server/guards.ts': 'export const guard = 1;',
  'src/conductor/interfaces/engine.ts': "import type { A } from '../../actors/types.ts'; export type E = A;",
  'src/conductor/queue.ts': "import { runtime } from '../actors/runtime.ts'; export const queue = runtime;",
  'src/nodes/index.ts':
    "import 'dockerode'; import type { E } from '../conductor/interfaces/engine.ts'; export type N = E;",
  'src/games/index.ts': 'export const games = 1;',
  'src/clouds/local/index.ts':
    "import type { E } from '../../conductor/interfaces/engine.ts'; export type Machine = E;",
  'src/persistence/index.ts': "import 'pg'; import '../actors/types.ts'; export const db = 1;",
  'src/persistence/embedded/index.ts': 'export const embedded = 1;',
  'src/planner/index.ts': 'export const fits = 1;',
  'src/http/index.ts': "import 'koa'; import '../conductor/queue.ts'; export const app = 1;",
  'src/setup/index.ts': "import '../persistence/embedded/index.ts'; export const setup = 1;",
  'src/main.ts': "import './http/index.ts'; import './persistence/index.ts'; import '../config/settings.ts';",
  'config/settings.ts': 'export const settings = 1;',
  'test/some.test.ts': "import 'ava'; import '../src/conductor/queue.ts';",
};

/** One file for each rule, which breaks that rule and no other. */
const BROKEN: Record<string, readonly [path: string, text: string]> = {
  'actors-imports': ['src/actors/bad.ts', "import '../machines/server/types.ts';"],
  'machines-imports': ['src/machines/bad.ts', "import type { runtime } from '../actors/runtime.ts';"],
  'planner-imports': ['src/planner/bad.ts', "import '../conductor/queue.ts';"],
  'conductor-imports': ['src/conductor/bad.ts', "import type { db } from '../persistence/index.ts';"],
  'nodes-imports': ['src/nodes/bad.ts', "import '../games/index.ts';"],
  'clouds-imports': ['src/clouds/bad.ts', "import '../nodes/index.ts';"],
  'games-imports': ['src/games/bad.ts', "import '../conductor/queue.ts';"],
  'persistence-imports': ['src/persistence/bad.ts', "import type { M } from '../machines/server/guards.ts';"],
  'http-imports': ['src/http/bad.ts', "import '../actors/runtime.ts';"],
  'setup-imports': ['src/setup/bad.ts', "import '../persistence/index.ts';"],
  'config-imports': ['config/bad.ts', "import '../src/nodes/index.ts';"],
  'only-persistence-knows-sql': ['src/conductor/sql.ts', "import 'pg';"],
  'only-nodes-knows-docker': ['src/conductor/docker.ts', "import type Docker from 'dockerode';"],
  'only-nodes-knows-ssh': ['src/conductor/ssh.ts', "import 'ssh2';"],
  'only-the-door-knows-http': ['src/nodes/koa.ts', "import 'koa';"],
  'machines-know-only-xstate': ['src/machines/clock.ts', "import 'node:timers';"],
  'planner-is-pure': ['src/planner/disk.ts', "import 'node:fs';"],
  'only-main-wires': ['src/other.ts', "import './nodes/index.ts';"],
  'nobody-imports-main': ['test/main.test.ts', "import '../src/main.ts';"],
  'no-test-in-src': ['src/games/probe.ts', "import '../../bench/main.ts';"],
  'not-resolvable': ['test/lost.test.ts', "import './nowhere.ts';"],
  'no-dev-package-at-run-time': ['src/games/dev.ts', "import 'ava';"],
};

test('this house keeps its own rules', async (t) => {
  t.deepEqual(await violations(repository), []);
});

test('a house in which everything is in its place breaks no rule', async (t) => {
  t.deepEqual(await violations(await house(t, GOOD)), []);
});

test('each rule is broken by the file that breaks it', async (t) => {
  const { default: rules } = Rules.parse(await import(config));
  t.deepEqual(Object.keys(BROKEN).sort(), rules.forbidden.map(({ name }) => name).sort());
  const found = await violations(await house(t, { ...GOOD, ...Object.fromEntries(Object.values(BROKEN)) }));
  const expected = Object.entries(BROKEN).map(([rule, [path]]) => `${path}: ${rule}`);
  t.deepEqual(
    found.filter((one) => !expected.includes(one)),
    [],
    'nothing else is found',
  );
  t.deepEqual(
    expected.filter((one) => !found.includes(one)),
    [],
    'each is found',
  );
});
