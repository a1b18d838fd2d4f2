/**
 * A Docker engine that Baton starts because none runs: as the system's service where systemd keeps services, else called
 * directly. What was started is written down, so that it can be told from an engine that was there before.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { detectDocker } from '../nodes/index.ts';
import { errors } from './errors.ts';
import { describeMachine, ROOT_PATH } from './machine.ts';
import { processIdentity } from './process-identity.ts';

const run = promisify(execFile);

const Started = z.union([
  z.object({ kind: z.literal('service') }),
  z.object({ kind: z.literal('process'), pid: z.number().int(), identity: z.string().nullable() }),
]);
type Started = z.infer<typeof Started>;

/** The first start makes networks and storage; a slow disk takes some seconds. */
const START_TIMEOUT_MS = 60_000;
/** An engine ends its containers first. */
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

const recordPath = (dataDir: string): string => join(dataDir, 'docker', 'started.json');

/** The log of an engine that was called directly. */
export const daemonLogPath = (dataDir: string): string => join(dataDir, 'docker', 'dockerd.log');

/** An engine beside the machine's own, with everything that two engines must not share. */
export interface OwnEngine {
  /** Where it listens, as in `DOCKER_HOST`. */
  readonly host: string;
  /** dockerd with its arguments, or a program that becomes dockerd. */
  readonly command: readonly [program: string, ...args: string[]];
}

/**
 * Starts the engine of this machine, or one of its own, and waits until it answers. Root only.
 * @throws `docker_not_started` with the engine's last complaint
 */
export async function startDocker(dataDir: string, own?: OwnEngine): Promise<void> {
  await mkdir(join(dataDir, 'docker'), { recursive: true, mode: 0o711 });
  const { systemd } = await describeMachine();
  const started = systemd && own === undefined ? await startService() : await startProcess(dataDir, own);
  await writeFile(recordPath(dataDir), JSON.stringify(started));
}

/** Whether the engine that runs now is one that {@link startDocker} started for this data directory. */
export async function startedByUs(dataDir: string): Promise<boolean> {
  const started = await readRecord(dataDir);
  if (started === null) return false;
  return started.kind === 'service' || (await runs(started));
}

/** Stops the engine if we started it, and no other. Returns whether there was one to stop. */
export async function stopDocker(dataDir: string): Promise<boolean> {
  const started = await readRecord(dataDir);
  if (started === null) return false;
  if (started.kind === 'service') await run('systemctl', ['stop', 'docker.socket', 'docker.service']);
  else if (await runs(started)) await endProcess(started);
  await rm(recordPath(dataDir), { force: true });
  return true;
}

async function startService(): Promise<Started> {
  await run('systemctl', ['start', 'docker.service']).catch((cause) => {
    throw errors.docker_not_started({ reason: 'systemctl start docker failed; see journalctl -u docker' }, { cause });
  });
  if (!(await answers())) throw errors.docker_not_started({ reason: 'it runs but does not answer' });
  return { kind: 'service' };
}

async function startProcess(dataDir: string, own?: OwnEngine): Promise<Started> {
  const [program, ...args] = own?.command ?? ['dockerd'];
  const log = await open(daemonLogPath(dataDir), 'a', 0o600);
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, PATH: ROOT_PATH },
  });
  child.unref();
  const gone = goneSignal(child);
  try {
    if (!(await answers(own?.host, gone))) throw errors.docker_not_started({ reason: await lastComplaint(dataDir) });
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    await log.close();
  }
  const pid = child.pid ?? 0;
  return { kind: 'process', pid, identity: await processIdentity(pid) };
}

function goneSignal(child: ChildProcess): AbortSignal {
  const gone = new AbortController();
  child.once('error', () => gone.abort());
  child.once('exit', () => gone.abort());
  return gone.signal;
}

async function answers(host?: string, gone?: AbortSignal): Promise<boolean> {
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += POLL_MS) {
    if ((await detectDocker(host)).available) return true;
    if (gone?.aborted) return false;
    await delay(POLL_MS);
  }
  return false;
}

async function lastComplaint(dataDir: string): Promise<string> {
  const lines = (await readFile(daemonLogPath(dataDir), 'utf8').catch(() => '')).trim().split('\n');
  return lines.at(-1) || `see ${daemonLogPath(dataDir)}`;
}

async function readRecord(dataDir: string): Promise<Started | null> {
  const text = await readFile(recordPath(dataDir), 'utf8').catch(() => 'null');
  return Started.nullable().catch(null).parse(JSON.parse(text));
}

async function runs(started: Started & { kind: 'process' }): Promise<boolean> {
  const identity = await processIdentity(started.pid);
  return identity !== null && identity === started.identity;
}

async function endProcess(started: Started & { kind: 'process' }): Promise<void> {
  process.kill(started.pid, 'SIGTERM');
  for (let waited = 0; waited < STOP_TIMEOUT_MS && (await runs(started)); waited += POLL_MS) await delay(POLL_MS);
  if (await runs(started)) process.kill(started.pid, 'SIGKILL');
}
