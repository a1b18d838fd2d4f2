/** The directory that holds everything Baton keeps. */
import { randomBytes } from 'node:crypto';
import { access, chmod, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { v7 } from 'uuid';
import { errors } from './errors.ts';
import { lockDirectory } from './lock.ts';

export interface DataDir {
  /** Absolute. */
  readonly path: string;
  /** A UUIDv7, made at the first start: which installation this is, whatever its host or its pid. */
  readonly instanceId: string;
  readonly adminToken: string;
  /** Where the token stands, mode 0600. */
  readonly adminTokenPath: string;
  /** True at the first start, when the log should say where the token is. */
  readonly adminTokenMade: boolean;
  /** Gives the lock back. */
  release(): Promise<void>;
}

/**
 * As root others may pass through but see nothing (0711): the database runs as another user, inside a directory of its own.
 * Every file of ours here is 0600.
 */
const DIRECTORY_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;
const SECRET_MODE = 0o600;

/** Where the admin token of a data directory stands; the CLI reads it there. */
export const adminTokenPath = (dataDir: string): string => join(resolve(dataDir), 'admin-token');

/**
 * Makes the directory if needed, locks it for this process, and reads or makes what stands in it.
 * @param adminToken - from the settings; null keeps the stored one, or makes one
 * @throws `data_dir_not_usable`, `data_dir_in_use`
 */
export async function openDataDir(dataDir: string, adminToken: string | null): Promise<DataDir> {
  const path = resolve(dataDir);
  try {
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw errors.data_dir_not_usable({ path, reason, user: userInfo().username }, { cause });
  }
  const lock = await lockDirectory(path);
  try {
    const token = await keep(adminTokenPath(path), adminToken, () => randomBytes(32).toString('base64url'));
    const instance = await keep(join(path, 'instance-id'), null, v7);
    return {
      path,
      instanceId: instance.value,
      adminToken: token.value,
      adminTokenPath: adminTokenPath(path),
      adminTokenMade: token.made,
      release: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Reads a one-line secret; writes it first when another is given or none stands there. The file appears whole. */
async function keep(path: string, given: string | null, make: () => string): Promise<{ value: string; made: boolean }> {
  const stored = await readFile(path, 'utf8').then((text) => text.trim(), ignoreMissing);
  if (stored && (given === null || given === stored)) {
    await chmod(path, SECRET_MODE);
    return { value: stored, made: false };
  }
  const value = given ?? make();
  await writeFile(`${path}.new`, `${value}\n`, { mode: SECRET_MODE, flush: true });
  await rename(`${path}.new`, path);
  return { value, made: given === null };
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
