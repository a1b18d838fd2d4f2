import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createGames } from '../../src/games/index.ts';
import { games, thrownBy } from './helpers/targets.ts';

const OWN = join(import.meta.dirname, '../../config/templates');

/** Loads a folder with one template: ours, with each pair's first text replaced by its second. */
async function loadChanged(t: ExecutionContext, id: string, ...changes: [string, string][]) {
  const folder = await mkdtemp(join(tmpdir(), 'baton-templates-'));
  t.teardown(() => rm(folder, { recursive: true }));
  let text = await readFile(join(OWN, `${id}.yaml`), 'utf8');
  for (const [from, to] of changes) {
    t.true(text.includes(from), `the template holds no '${from}'`);
    text = text.replace(from, to);
  }
  await writeFile(join(folder, `${id}.yaml`), text);
  return createGames({ cacheDir: folder, templatesDir: folder });
}

test('all templates of Baton load', (t) => {
  t.deepEqual(
    games.templates().map(({ id }) => id),
    ['flying-squid', 'luanti', 'minecraft-java', 'zomboid'],
  );
});

test('a folder that is not there is named', async (t) => {
  const templatesDir = join(tmpdir(), 'baton-no-such-folder');
  const { code, message } = await thrownBy(() => createGames({ cacheDir: templatesDir, templatesDir }));
  t.is(code, 'invalid_template');
  t.true(message.includes(`${templatesDir}: ENOENT`), message);
});

test('a template that is not there is named, with those that are', async (t) => {
  const { code, retry, message } = await thrownBy(() => games.template('quake'));
  t.is(code, 'unknown_template');
  t.is(retry, 'permanent');
  t.is(message, "There is no template 'quake'; there are flying-squid, luanti, minecraft-java, zomboid.");
});

test("every template grants its game less time to stop than the engine's grace, where the image counts itself", (t) => {
  const { env, stop } = games.template('minecraft-java');
  t.true(Number(env.STOP_DURATION) < stop.graceSeconds);
});

const faults: [what: string, id: string, change: [string, string], expected: RegExp][] = [
  ['a wrong type', 'luanti', ['min: 512', 'min: little'], /luanti\.yaml: ramMb\.min: /],
  ['a misspelt key', 'luanti', ['bootSeconds', 'bootSecond'], /luanti\.yaml: bootSeconds: /],
  [
    'a bad item of a list',
    'zomboid',
    ['udp, container: 16262', 'udp, container: 70000'],
    /zomboid\.yaml: ports\.1\.container: /,
  ],
  ['a mark that no node can look for', 'luanti', ['[worlds]', '["my worlds"]'], /luanti\.yaml: worldMarks\.0: /],
  ['a probe of no port', 'luanti', ['port: game', 'port: gaem'], /readiness\.port: there is no port 'gaem'/],
  [
    'a pattern that is none',
    'zomboid',
    ['"[A-Za-z0-9_]+"', '"[A-Za"'],
    /variables\.5\.pattern: is not a regular expression/,
  ],
  [
    'a default that its pattern refuses',
    'flying-squid',
    ['default: "6"', 'default: "60"'],
    /variables\.2\.default: does not match/,
  ],
  ['a placeholder that nothing fills', 'zomboid', ['{heap_mb}', '{heap}'], /env\.MAX_RAM: nothing fills \{heap\} in/],
  [
    'a fixed name that is a variable, too',
    'luanti',
    ['name: TZ', 'name: PUID'],
    /variables\.1\.name: 'PUID' is set by 'env' or a port/,
  ],
  [
    'a licence without variable',
    'minecraft-java',
    ['variable: EULA', 'variable: AGREE'],
    /eula\.variable: there is no variable 'AGREE'/,
  ],
  [
    'a console password that is shown',
    'minecraft-java',
    ['secret: true', 'secret: false'],
    /console\.passwordEnv: must be a variable that is secret/,
  ],
  [
    'saving without a console',
    'flying-squid',
    ['kind: stdin', 'kind: none'],
    /stop: announces or saves through a console that is not there/,
  ],
  ['an unknown recipe', 'flying-squid', ['build: flying-squid', 'build: walking-squid'], /build: /],
  [
    'an id that is not the file',
    'luanti',
    ['id: luanti', 'id: minetest'],
    /luanti\.yaml: id: must be 'luanti', as the file/,
  ],
  ['YAML that is none', 'luanti', ['ports:', 'ports: ['], /luanti\.yaml: .* at line \d+/],
];

for (const [what, id, change, expected] of faults) {
  test(`${what} in a template is told with file, path and fault`, async (t) => {
    const { code, message } = await thrownBy(() => loadChanged(t, id, change));
    t.is(code, 'invalid_template');
    t.regex(message, expected);
  });
}

test('all faults of a template are told at once', async (t) => {
  const changes: [string, string][] = [
    ['pidsLimit: 256', 'pidsLimit: 1'],
    ['signal: SIGTERM', 'signal: term'],
  ];
  const { message } = await thrownBy(() => loadChanged(t, 'luanti', ...changes));
  t.regex(message, /pidsLimit: /);
  t.regex(message, /stop\.signal: must be a signal such as SIGTERM/);
});
