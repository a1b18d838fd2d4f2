/**
 * `npm test`: makes sure that there is a Docker engine, runs AVA, and fails when anything was left behind. What this started,
 * this stops. Arguments go to AVA; `--no-setup` forbids to install or start anything. The last line is the count.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { loadSettings } from '../config/settings.ts';
import { stopDocker } from '../src/setup/docker-daemon.ts';
import { ensureDocker } from '../src/setup/ensure-docker.ts';
import { endShims, leftBehind, lookAround } from './leaks.ts';

const args = process.argv.slice(2);
const mode = args.includes('--no-setup') ? 'no' : loadSettings().setup;
const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);

/** Runs AVA to its end and returns everything it wrote. Ctrl-C reaches it by itself; we stay to clean up. */
async function runAva(runId: string, temporary: string, compiled: string): Promise<{ code: number; output: string }> {
  const env = {
    ...process.env,
    TEST_RUN_ID: runId,
    TMPDIR: temporary,
    // Each test file is a process of its own, and most of them load the same modules.
    NODE_COMPILE_CACHE: compiled,
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
  };
  const ava = spawn(
    'ava',
    args.filter((arg) => arg !== '--no-setup'),
    { env, stdio: ['inherit', 'pipe', 'inherit'] },
  );
  let output = '';
  ava.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  process.on('SIGINT', () => {});
  const code = await new Promise<number>((resolve, reject) => {
    ava.once('error', reject);
    ava.once('close', (exit) => resolve(exit ?? 1));
  });
  return { code, output: stripVTControlCharacters(output) };
}

/** Counts AVA's lines: one for each test, and what else went wrong at its end. */
function countOf(output: string): { passed: number; failed: number } {
  const lines = (what: RegExp): number => [...output.matchAll(what)].length;
  const sum = (what: RegExp): number => [...output.matchAll(what)].reduce((total, [, n]) => total + Number(n), 0);
  return {
    passed: lines(/^ {2}[✔√] /gm),
    failed: sum(/^ {2}(\d+) (?:tests? failed|hooks? failed|uncaught exceptions?|unhandled rejections?)$/gm),
  };
}

const dataDir = await mkdtemp(join(tmpdir(), 'baton-test-setup-'));
const temporary = await mkdtemp(join(tmpdir(), 'bt-'));
// The database of a test may run as another user and must get through.
await chmod(temporary, 0o711);

// What Docker starts has it, too, if it is we who start Docker.
const engineRun = randomUUID();
process.env.TEST_ENGINE_RUN = engineRun;

try {
  const docker = await ensureDocker({
    dataDir,
    mode,
    dockerHost: process.env.DOCKER_HOST ?? null,
    say,
  });
  say(docker.available ? docker.detail : `${docker.detail} Tests that need Docker are skipped or fail.`);
  const runId = randomUUID();
  const before = await lookAround();
  const { code, output } = await runAva(runId, temporary, join(dataDir, 'compiled'));
  const leaks = await leftBehind(before, runId);
  for (const leak of leaks) say(`left behind: ${leak}`);
  const files = await readdir(temporary);
  if (files.length > 0) say(`removed temporary files that tests left: ${files.join(', ')}`);
  const { passed, failed } = countOf(output);
  const faults = failed + leaks.length;
  process.exitCode = code !== 0 || faults > 0 ? 1 : 0;
  say(`${passed} passed, ${process.exitCode === 0 ? 0 : Math.max(1, faults)} failed`);
} finally {
  await stopDocker(dataDir);
  const shims = await endShims(engineRun);
  if (shims > 0) say(`ended ${shims} containerd-shim that Docker left`);
  await rm(temporary, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
