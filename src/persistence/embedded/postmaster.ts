/** One run of the PostgreSQL server, from its start to its exit. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterPaths } from './cluster.ts';
import { errors } from './errors.ts';
import type { Launch } from './launch.ts';
import { Reasons, readLines } from './output.ts';

export interface PostmasterExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last complaint that it wrote. */
  readonly reason: string;
}

export interface Postmaster {
  readonly pid: number;
  readonly exited: Promise<PostmasterExit>;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

/** Recovery after a power cut reads at most one checkpoint's WAL (1 GB); this is far above what that takes. */
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;

/** For a small control plane beside game servers: what differs from PostgreSQL's defaults, or is relied upon. */
const CONFIGURATION: Readonly<Record<string, string>> = {
  // Only through the socket, whose directory is the door.
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: '5432',
  max_connections: '50',
  shared_buffers: '128MB',
  // An acknowledged commit is on disk. Never turn these off.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Filling a new log file with zeros holds every commit for 80 ms, and makes none of them faster.
  wal_init_zero: 'off',
  // Small statements only: planning for parallel workers or machine code costs more than it saves, and shared memory of
  // a container may be 64 MB.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  // Snapshots are overwritten at each turn: dead rows are many and young.
  autovacuum_naptime: '15s',
  // A stuck client must not keep locks, nor keep autovacuum from cleaning.
  idle_in_transaction_session_timeout: '60s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_checkpoints: 'off',
};

/**
 * Starts the server and waits until it accepts connections.
 * @throws `database_start_failed` with what it complained about
 */
export async function startPostmaster(
  launch: Launch,
  postgres: string,
  paths: ClusterPaths,
  onLine: (line: string) => void,
): Promise<Postmaster> {
  const configuration = { ...CONFIGURATION, unix_socket_directories: paths.run };
  const flags = Object.entries(configuration).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = launch(postgres, ['-D', paths.data, ...flags]);
  const { ready, exited } = observe(child, onLine);
  const late = new AbortController();
  const first = await Promise.race([ready, exited, delay(START_TIMEOUT_MS, 'late' as const, { signal: late.signal })]);
  late.abort();
  if (first === 'ready') return { pid: child.pid ?? 0, exited, stop: () => end(child, exited) };
  child.kill('SIGQUIT');
  const reason = first === 'late' ? `it was not ready after ${START_TIMEOUT_MS / 1_000} s.` : first.reason;
  throw errors.database_start_failed({ dataDir: paths.data, reason });
}

function observe(child: ChildProcess, onLine: (line: string) => void) {
  const reasons = new Reasons();
  const ready = new Promise<'ready'>((resolve) => {
    readLines(child, (line) => {
      reasons.add(line);
      onLine(line);
      if (line.includes('database system is ready to accept connections')) resolve('ready');
    });
  });
  const exited = new Promise<PostmasterExit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, reason: error.message }));
    child.once('close', (code, signal) => {
      resolve({ code, signal, reason: reasons.reason(`it ended with ${signal ?? `exit code ${code}`}.`) });
    });
  });
  return { ready, exited };
}

async function end(child: ChildProcess, exited: Promise<PostmasterExit>): Promise<void> {
  const done = new AbortController();
  child.kill('SIGINT');
  const hurry = delay(STOP_TIMEOUT_MS, undefined, { signal: done.signal }).then(
    () => child.kill('SIGQUIT'),
    () => undefined,
  );
  await exited;
  done.abort();
  await hurry;
}
