import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type EnsureOptions, ensureDocker } from '../../src/setup/ensure-docker.ts';
import type { Machine } from '../../src/setup/machine.ts';

const SERVER: Machine = { root: true, debian: true, systemd: false, terminal: false };

/** A host without an engine: an address where none listens. None of these tests may install or start anything. */
async function ensure(t: ExecutionContext, options: Partial<EnsureOptions>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'baton-setup-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const said: string[] = [];
  const outcome = await ensureDocker({
    dataDir,
    mode: 'yes',
    dockerHost: 'unix:///nowhere/docker.sock',
    say: (sentence) => said.push(sentence),
    machine: SERVER,
    ...options,
  });
  return { ...outcome, said };
}

test("an engine at an address of the operator's own is never installed, and its absence is one sentence", async (t) => {
  t.deepEqual(await ensure(t, {}), {
    available: false,
    startedByUs: false,
    detail: 'There is no Docker socket at unix:///nowhere/docker.sock: Docker is not installed, or not started.',
    said: [],
  });
});

test('an engine that runs already is taken as it is', async (t) => {
  const outcome = await ensure(t, { dockerHost: null, mode: 'no' });
  if (!outcome.available) return t.regex(outcome.detail, /Setup is off \(--no-setup\)/);
  t.regex(outcome.detail, /^Docker [\d.]+\S* answers\.$/);
  t.false(outcome.startedByUs);
});
