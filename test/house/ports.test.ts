import test from 'ava';
import { sources } from './sources.ts';

/** What makes two runs of the same code differ. */
const CLOCK = /\bDate\.now\b|\bnew Date\(\)/;
const STOPWATCH = /\bperformance\.now\b/;
const CHANCE = /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|from 'uuid'/;
const TIMERS = /(?<![.\w])(setTimeout|setInterval|setImmediate)\(|from 'node:timers'/;
const DEADLINES = /\bAbortSignal\.timeout\b/;
/** Waiting by promise, which obeys a signal; at the edges that is fine. */
const WAITING = /from 'node:timers\/promises'/;

/** The rooms that the simulator runs under one seed, and the one file in them that touches the real thing. */
const DETERMINISTIC = /^src\/(actors|machines|conductor|planner)\//;
const ADAPTER = 'src/actors/system-ports.ts';

/** At the edges: the files that may, each for a reason of its own. */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  // A deadline for a client that does not read.
  'src/http/live/pipe.ts': TIMERS,
  // Lines of one read of the console go out together.
  'src/http/live/console.ts': TIMERS,
  // UDP has no answer to wait for, so the question is sent again.
  'src/games/probe/udp.ts': TIMERS,
  // The simulator lets what is promised come to rest between two moments of its virtual time.
  'src/sim/time.ts': TIMERS,
  // Secrets and names that nobody may guess.
  'src/games/env.ts': CHANCE,
  'src/setup/data-dir.ts': CHANCE,
  'src/nodes/worlds.ts': CHANCE,
};

function offences(path: string, text: string): string[] {
  if (path === ADAPTER) return [];
  const waits = WAITING.test(text);
  const patterns = DETERMINISTIC.test(path)
    ? { CLOCK, STOPWATCH, CHANCE, TIMERS, DEADLINES, WAITING }
    : { CLOCK, CHANCE, TIMERS };
  return Object.entries(patterns)
    .filter(([, pattern]) => pattern.test(text) && pattern !== ALLOWED[path])
    .filter(([, pattern]) => !(waits && pattern === TIMERS && !DETERMINISTIC.test(path)))
    .map(([name]) => `${path}: ${name}`);
}

async function offenders(): Promise<string[]> {
  return [...(await sources('src/**/*.ts'))].flatMap(([path, text]) => offences(path, text));
}

test('each thing that differs from run to run is found in the rooms that must not know it', (t) => {
  const lines = [
    'const at = Date.now();',
    'const at = new Date();',
    'const at = performance.now();',
    'const n = Math.random();',
    "import { v7 } from 'uuid';",
    'setTimeout(run, 5);',
    'const soon = AbortSignal.timeout(5);',
    "import { setTimeout } from 'node:timers/promises';",
  ];
  for (const line of lines) t.is(offences('src/machines/some.ts', line).length, 1, line);
  t.deepEqual(offences('src/machines/some.ts', 'const at = new Date(event.at); socket.setTimeout(5);'), []);
  t.deepEqual(
    offences('src/nodes/some.ts', "import { setTimeout } from 'node:timers/promises'; await setTimeout(5);"),
    [],
  );
});

test('clock, chance and timers come through ports, but in the files that are allowed to', async (t) => {
  t.deepEqual(await offenders(), []);
});

test('no file stands on the list of exceptions without needing it', async (t) => {
  const all = await sources('src/**/*.ts');
  for (const [path, pattern] of Object.entries(ALLOWED)) t.regex(all.get(path) ?? '', pattern, path);
});

test('but for a machine that looks at its own results, one file knows the names that XState gives its actions and events', async (t) => {
  const knowing = [...(await sources('src/**/*.ts'))]
    .filter(([, text]) => /['"`]xstate\./.test(text))
    .map(([path]) => path);
  t.deepEqual(knowing.sort(), ['src/actors/xstate.ts', 'src/machines/server/context.ts']);
});
