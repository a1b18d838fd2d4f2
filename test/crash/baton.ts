/** One life of Baton: a real process from its start to its end. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import which from 'which';

const ROOT = join(import.meta.dirname, '../..');

/** A life that has not opened its door, or ended when told to, by then never will. */
const START_MS = 60_000;
const STOP_MS = 30_000;

/** As many lines of a life's log are kept for a report. */
const LOG_LINES = 400;

export interface Baton {
  /** Its address once the door is open; null when it ended before. */
  readonly ready: Promise<string | null>;
  readonly exited: Promise<Exit>;
  alive(): boolean;
  kill(): void;
  /** SIGTERM. */
  stop(): void;
  /** SIGKILL of the database server that belongs to it. False when there was none to kill. */
  killDatabase(): Promise<boolean>;
  /** The last lines it wrote. */
  log(): readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It did not open its door or end in time, and was killed for that. */
  readonly overdue: boolean;
}

const living = new Set<ChildProcess>();

/** Nothing of ours outlives us; the kernel ends each life's database server with it. */
process.on('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/**
 * Compiles Baton's modules into a directory that all lives share, for each of them would do it anew: who is killed keeps
 * nothing.
 */
export async function compileInto(compiled: string): Promise<void> {
  const program = "await import('./src/baton.ts')";
  const env = { ...inherited(), NODE_COMPILE_CACHE: compiled };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], { cwd: ROOT, env });
}

export interface BatonOptions {
  readonly dataDir: string;
  /** Where {@link compileInto} has put Baton's modules. */
  readonly compiled: string;
  /** Settings, as environment variables. */
  readonly settings: Readonly<Record<string, string>>;
  readonly fault: string | null;
}

export async function startBaton({ dataDir, compiled, settings, fault }: BatonOptions): Promise<Baton> {
  const node = [process.execPath, 'src/main.ts', '--no-setup', ...(fault === null ? [] : ['--fault', fault])];
  // Where the kernel can be asked to, it ends Baton when we are killed without a word.
  const setpriv = process.platform === 'linux' ? await which('setpriv', { nothrow: true }) : null;
  const [program = '', ...args] = setpriv === null ? node : [setpriv, '--pdeathsig', 'KILL', '--', ...node];
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...inherited(), ...settings, BATON_DATA_DIR: dataDir, NODE_COMPILE_CACHE: compiled },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  living.add(child);
  let overdue = false;
  const exited = once(child, 'close').then(([code, signal]): Exit => {
    living.delete(child);
    return { code, signal, overdue };
  });
  const inTime = (limitMs: number, what: Promise<unknown>) => {
    const timer = setTimeout(() => {
      overdue = true;
      child.kill('SIGKILL');
    }, limitMs);
    void what.finally(() => clearTimeout(timer));
  };
  const { ready, log } = readLog(child, exited);
  inTime(START_MS, ready);
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    ready,
    exited,
    alive,
    kill: () => void child.kill('SIGKILL'),
    stop() {
      child.kill('SIGTERM');
      inTime(STOP_MS, exited);
    },
    async killDatabase() {
      const pid = await postmasterOf(dataDir);
      if (pid === null || !alive()) return false;
      return signalled(pid);
    },
    log,
  };
}

function readLog(child: ChildProcess, exited: Promise<unknown>) {
  const lines: string[] = [];
  const ready = new Promise<string | null>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > LOG_LINES) lines.shift();
        const [, url] = /Baton is ready at (http:\/\/[\d.:]+)/.exec(line) ?? [];
        if (url !== undefined) resolve(url);
      });
    }
    void exited.then(() => resolve(null));
  });
  return { ready, log: () => lines };
}

/** No setting of whoever runs the suite reaches the Baton that it tests. */
function inherited(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, TEST_RUN_ID } = process.env;
  return { PATH, HOME, TMPDIR, TEST_RUN_ID };
}

async function postmasterOf(dataDir: string): Promise<number | null> {
  const text = await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isInteger(pid) && pid > 1 ? pid : null;
}

function signalled(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}
