/** The files of one embedded database: where they are, how they are made, and whether this PostgreSQL can read them. */

import { createHash } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { errors } from './errors.ts';
import type { Launch } from './launch.ts';
import { outcomeOf } from './output.ts';

export interface ClusterPaths {
  /** Belongs to PostgreSQL's user, mode 0700; everything below does, too. */
  readonly home: string;
  readonly data: string;
  /** Holds the unix socket. Whoever may enter it may connect, so it is 0700. */
  readonly run: string;
}

export const SUPERUSER = 'baton';

/** `sun_path` holds 108 bytes with its end on Linux, 104 elsewhere. */
const SOCKET_PATH_MAX = 103;
const SOCKET_NAME = '/.s.PGSQL.5432';

/** Where the database of a data directory lies. A directory too deep for a socket gets one in the temporary directory. */
export function clusterPaths(dataDir: string): ClusterPaths {
  const home = join(resolve(dataDir), 'postgres');
  const run = join(home, 'run');
  if (Buffer.byteLength(run + SOCKET_NAME) <= SOCKET_PATH_MAX) return { home, data: join(home, 'data'), run };
  const digest = createHash('sha256').update(home).digest('hex').slice(0, 16);
  return { home, data: join(home, 'data'), run: join(tmpdir(), `baton-postgres-${digest}`) };
}

/** Makes a directory that only PostgreSQL's user (and root) may enter. */
export async function makeOwnDirectory(path: string, account: Account | null): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (account !== null) await chown(path, account.uid, account.gid);
}

/**
 * Makes the database files unless they are there. They are made aside and moved in whole, so that a crash or a full disk
 * leaves nothing half made.
 * @throws `database_version`, `database_init_failed`
 */
export async function ensureCluster(paths: ClusterPaths, binaries: Binaries, launch: Launch): Promise<void> {
  const stored = await readFile(join(paths.data, 'PG_VERSION'), 'utf8').then((text) => text.trim(), ignoreMissing);
  if (stored === binaries.major) return;
  if (stored !== undefined) {
    throw errors.database_version({ dataDir: paths.data, stored, installed: binaries.major });
  }
  const making = `${paths.data}.new`;
  await rm(making, { recursive: true, force: true });
  const { code, reason } = await outcomeOf(launch(binaries.initdb, initdbArguments(making)));
  if (code !== 0) {
    await rm(making, { recursive: true, force: true });
    throw errors.database_init_failed({ dataDir: paths.data, reason });
  }
  await rename(making, paths.data);
}

/** The socket's directory is the door (0700), so no password stands in any file. Checksums find bit rot before it spreads. */
function initdbArguments(directory: string): string[] {
  const cluster = ['--pgdata', directory, '--username', SUPERUSER, '--auth=trust', '--data-checksums'];
  return [...cluster, '--encoding=UTF8', '--locale=C', '--no-instructions'];
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
